// What CKernels needs of the C library's <string.h>, for GPUs.
#define memcpy __builtin_memcpy
