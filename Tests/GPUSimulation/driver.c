// The driver's functions; see include/GPUSimulation.h. Each device runs one call at a time.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CUDADriver.h"
#include "simulation.h"

#if defined(__has_feature) && __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

enum { devices = 64, guardBytes = 256, guardByte = 0xA5, mostBuffers = 4 };
enum { success = 0, invalidValue = 1, outOfMemory = 2, invalidContext = 201, notFound = 500 };

static const uint64_t wall = 1ull << 62;

// A launch or an upload that waits.
typedef struct Work {
  const Kernel *kernel;
  uint32_t blocks, threads;
  char *target;
  size_t bytes;
  void *buffers[mostBuffers];
  struct Work *next;
  char contents[];  // a kernel's numbers, or what is uploaded
} Work;

typedef struct Context {
  pthread_mutex_t mutex;
  Work *first, *last;
  int overruns, launches;
} Context;

typedef struct Module {
  const char *text;
} Module;

static Kernel *kernels;
static Context contexts[devices];
static __thread Context *current;

void addKernel(Kernel *kernel) {
  kernel->next = kernels;
  kernels = kernel;
}

int GPUSimulationOverruns(int ordinal) { return contexts[ordinal].overruns; }
int GPUSimulationLaunches(int ordinal) { return contexts[ordinal].launches; }

static int isDeferred(const Context *context) { return (context - contexts) & GPUSimulationDeferred; }

static char *crossing(uint64_t address) { return (char *)(address & ~wall); }

static void run(const Context *context, const Work *work) {
  if (work->kernel == NULL) {
    memcpy(work->target, work->contents, work->bytes);
    return;
  }
  void *arguments[mostBuffers + 1];
  memcpy(arguments, work->buffers, sizeof work->buffers);
  arguments[work->kernel->buffers] = (void *)work->contents;
  const int isBackwards = ((context - contexts) & GPUSimulationBackwards) != 0;
  position.threads = work->threads;
  for (uint32_t i = 0; i < work->blocks; i++) {
    position.block = isBackwards ? work->blocks - 1 - i : i;
    runBlock(work->kernel, arguments, isBackwards);
  }
}

// Takes the device; what waits runs first.
static Context *begin(int mustFinish) {
  Context *context = current;
  if (context == NULL) { return NULL; }
  pthread_mutex_lock(&context->mutex);
  while (mustFinish && context->first != NULL) {
    Work *work = context->first;
    run(context, work);
    context->first = work->next;
    free(work);
  }
  return context;
}

static int end(Context *context, int status) {
  pthread_mutex_unlock(&context->mutex);
  return status;
}

static void give(Context *context, Work *work) {
  if (isDeferred(context)) {
    if (context->first == NULL) { context->first = work; } else { context->last->next = work; }
    context->last = work;
  } else {
    run(context, work);
    free(work);
  }
}

static int initialize(unsigned flags) {
  for (int i = 0; i < devices; i++) { pthread_mutex_init(&contexts[i].mutex, NULL); }
  return flags == 0 ? success : invalidValue;
}

static int initOnce(unsigned flags) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static int isDone = 0;
  pthread_mutex_lock(&mutex);
  const int status = isDone ? success : initialize(flags);
  isDone = 1;
  pthread_mutex_unlock(&mutex);
  return status;
}

static int driverVersion(int *version) { return *version = 13000, success; }
static int deviceCount(int *count) { return *count = devices, success; }

static int device(int *handle, int ordinal) {
  if (ordinal < 0 || ordinal >= devices) { return 101; }
  return *handle = ordinal, success;
}

static int deviceName(char *name, int length, int handle) {
  return snprintf(name, (size_t)length, "simulation %d", handle), success;
}

static int attribute(int *value, int which, int handle) {
  (void)handle;
  *value = which == 75 ? 9 : 0;
  return success;
}

static int primaryContext(void **context, int handle) { return *context = &contexts[handle], success; }
static int setCurrent(void *context) { return current = context, success; }

static int synchronize(void) {
  Context *context = begin(1);
  return context == NULL ? invalidContext : end(context, success);
}

static int loadModule(void **module, const void *text, unsigned options, int *names, void **values) {
  (void)options; (void)names; (void)values;
  if (current == NULL) { return invalidContext; }
  Module *made = malloc(sizeof *made);
  made->text = text;
  return *module = made, success;
}

// A kernel must be in the module's text too; the tests' own kernels are host code only.
static int moduleFunction(void **function, void *module, const char *name) {
  char entry[128];
  snprintf(entry, sizeof entry, ".entry %s(", name);
  if (strstr(((Module *)module)->text, entry) == NULL && strncmp(name, "test", 4) != 0) { return notFound; }
  for (Kernel *kernel = kernels; kernel != NULL; kernel = kernel->next) {
    if (strcmp(kernel->name, name) == 0) { return *function = kernel, success; }
  }
  return notFound;
}

static int launch(void *function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned yThreads,
                  unsigned zThreads, unsigned sharedBytes, void *stream, void **parameters, void **extra) {
  const Kernel *kernel = function;
  if (x == 0 || y != 1 || z != 1 || threads == 0 || threads > 1024 || yThreads != 1 || zThreads != 1 || stream != NULL
      || sharedBytes != 0 || extra != NULL) {
    return invalidValue;
  }
  Work *work = calloc(1, sizeof *work + kernel->numbers);
  work->kernel = kernel;
  work->blocks = x;
  work->threads = threads;
  for (int i = 0; i < kernel->buffers; i++) { work->buffers[i] = crossing(*(uint64_t *)parameters[i]); }
  memcpy(work->contents, parameters[kernel->buffers], kernel->numbers);
  Context *context = begin(0);
  if (context == NULL) { return free(work), invalidContext; }
  context->launches++;
  give(context, work);
  return end(context, success);
}

// A block: its size, bytes of the guard, its memory, the guard again.
static int allocate(uint64_t *address, size_t bytes) {
  if (current == NULL) { return invalidContext; }
  char *block = bytes > 0 && bytes < 1ull << 40 ? malloc(bytes + 2 * guardBytes) : NULL;
  if (block == NULL) { return bytes == 0 ? invalidValue : outOfMemory; }
  memset(block, guardByte, bytes + 2 * guardBytes);
  memcpy(block, &bytes, sizeof bytes);
  memset(block + guardBytes, 0xFF, bytes);
  // AddressSanitizer finds the access itself.
  ASAN_POISON_MEMORY_REGION(block, guardBytes);
  ASAN_POISON_MEMORY_REGION(block + guardBytes + bytes, guardBytes);
  return *address = (uint64_t)(block + guardBytes) | wall, success;
}

static int isWhole(const char *start, const char *end) {
  for (; start < end; start++) {
    if ((unsigned char)*start != guardByte) { return 0; }
  }
  return 1;
}

static int freeMemory(uint64_t address) {
  Context *context = begin(1);
  if (context == NULL) { return invalidContext; }
  char *data = crossing(address), *block = data - guardBytes;
  size_t bytes;
  ASAN_UNPOISON_MEMORY_REGION(block, guardBytes);
  memcpy(&bytes, block, sizeof bytes);
  ASAN_UNPOISON_MEMORY_REGION(data + bytes, guardBytes);
  if (!isWhole(block + sizeof bytes, data) || !isWhole(data + bytes, data + bytes + guardBytes)) { context->overruns++; }
  free(block);
  return end(context, success);
}

// The host's memory that kernels may write.
static int allocateOnHost(void **address, size_t bytes) { return *address = calloc(1, bytes), success; }

static int upload(uint64_t target, const void *source, size_t bytes) {
  if ((target & wall) == 0) { return invalidValue; }
  Context *context = begin(0);
  if (context == NULL) { return invalidContext; }
  Work *work = calloc(1, sizeof *work + bytes);
  work->target = crossing(target);
  work->bytes = bytes;
  memcpy(work->contents, source, bytes);
  give(context, work);
  return end(context, success);
}

static int download(void *target, uint64_t source, size_t bytes) {
  if ((source & wall) == 0) { return invalidValue; }
  Context *context = begin(1);
  if (context == NULL) { return invalidContext; }
  memcpy(target, crossing(source), bytes);
  return end(context, success);
}

static int fillBytes(uint64_t target, unsigned char value, size_t bytes, void *stream) {
  if ((target & wall) == 0 || stream != NULL) { return invalidValue; }
  char *contents = malloc(bytes);
  memset(contents, value, bytes);
  const int status = upload(target, contents, bytes);
  free(contents);
  return status;
}

static int errorName(int status, const char **name) {
  *name = status == invalidValue     ? "CUDA_ERROR_INVALID_VALUE"
          : status == outOfMemory    ? "CUDA_ERROR_OUT_OF_MEMORY"
          : status == invalidContext ? "CUDA_ERROR_INVALID_CONTEXT"
          : status == notFound       ? "CUDA_ERROR_NOT_FOUND"
                                     : NULL;
  return *name == NULL ? invalidValue : success;
}

// In the order of CUDADriver.h, whose types are checked here.
static const CUDADriver driver = {
  initOnce, driverVersion, deviceCount, device, deviceName, attribute, primaryContext, setCurrent, synchronize,
  loadModule, moduleFunction, launch, allocate, freeMemory, allocateOnHost, upload, download, fillBytes, errorName,
};

void *GPUSimulationFunction(const char *name) {
  const char *const *names = CUDADriverNames();
  for (int i = 0; names[i] != NULL; i++) {
    if (strcmp(names[i], name) == 0) { return ((void *const *)&driver)[i]; }
  }
  return NULL;
}
