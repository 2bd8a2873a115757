// What CKernels needs of the C library's <math.h>, for GPUs; the functions of doubles are declared, but have no code.
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define fabs __builtin_fabs
#define fabsf __builtin_fabsf
double exp(double);
double log(double);
double tanh(double);
double log1p(double);
double expm1(double);
double erf(double);
double erfc(double);
double atan2(double, double);
