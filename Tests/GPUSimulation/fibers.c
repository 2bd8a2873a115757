// The threads of a block as fibers of one processor thread.
//
// A fiber gets a stack when it starts and gives it back when it ends, so that kernels without barriers use one stack.
#include <stdio.h>
#include <stdlib.h>

#include "simulation.h"

// Switching by hand is three times as fast as ucontext, which GPU_SIMULATION_UCONTEXT asks for here, too.
#if defined(__x86_64__) && !defined(GPU_SIMULATION_UCONTEXT)
#define SWITCHES_BY_HAND
#endif

#if !defined(SWITCHES_BY_HAND)
#define _XOPEN_SOURCE 700
#include <ucontext.h>
#endif

enum { mostThreads = 1024, stackBytes = 64 << 10 };

__thread Position position;

typedef enum State { isNew, isWaiting, isDone } State;

typedef struct Fiber {
  char *stack;
  State state;
#if defined(SWITCHES_BY_HAND)
  void *top;  // of its stack while it does not run
#else
  ucontext_t context;
#endif
} Fiber;

static __thread Fiber fibers[mostThreads], caller;
static __thread char *freeStacks[mostThreads];
static __thread int freeCount;
static __thread const Kernel *running;
static __thread void *const *runningArguments;
static __thread int step;             // from a thread to the next one: 1, or -1 backwards
static __thread int waiting, done;    // threads

#if defined(SWITCHES_BY_HAND)
// Saves what a call preserves on the stack of the one and takes it from that of the other.
void switchStacks(void **from, void *to);
__asm__(
  ".text\n"
#if defined(__APPLE__)
  ".globl _switchStacks\n_switchStacks:\n"
#else
  ".globl switchStacks\n.type switchStacks, @function\nswitchStacks:\n"
#endif
  "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
  "  movq %rsp, (%rdi)\n"
  "  movq %rsi, %rsp\n"
  "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
  "  ret\n");

static void change(Fiber *from, Fiber *to) { switchStacks(&from->top, to->top); }
#else
static void change(Fiber *from, Fiber *to) { swapcontext(&from->context, &to->context); }
#endif

static void runFiber(void) {
  Fiber *own = &fibers[position.thread];
  running->run(runningArguments);
  own->state = isDone;
  done++;
  change(own, &caller);
  abort();
}

static void start(Fiber *fiber) {
  fiber->stack = freeCount > 0 ? freeStacks[--freeCount]
                               : malloc(stackBytes);
#if defined(SWITCHES_BY_HAND)
  void **top = (void **)(fiber->stack + stackBytes) - 2;  // aligned as after a call
  *top = (void *)runFiber;
  for (int i = 0; i < 6; i++) { *--top = NULL; }
  fiber->top = top;
#else
  getcontext(&fiber->context);
  fiber->context.uc_stack.ss_sp = fiber->stack;
  fiber->context.uc_stack.ss_size = stackBytes;
  makecontext(&fiber->context, runFiber, 0);
#endif
}

// Goes on with the next thread at once, or lets the caller decide after the last one and before one that is done.
void waitAtBarrier(void) {
  Fiber *own = &fibers[position.thread], *next = own + step;
  own->state = isWaiting;
  waiting++;
  if (next < fibers || next >= fibers + position.threads || next->state == isDone) {
    next = &caller;
  } else {
    if (next->state == isNew) { start(next); }
    position.thread = (uint32_t)(next - fibers);
  }
  change(own, next);
}

void runBlock(const Kernel *kernel, void *const *arguments, int isBackwards) {
  const int count = (int)position.threads;
  running = kernel;
  runningArguments = arguments;
  step = isBackwards ? -1 : 1;
  done = 0;
  for (int i = 0; i < count; i++) { fibers[i].state = isNew; }
  do {
    waiting = 0;
    for (int thread = isBackwards ? count - 1 : 0; thread >= 0 && thread < count; thread += step) {
      Fiber *fiber = &fibers[thread];
      if (fiber->state == isDone) { continue; }
      if (fiber->state == isNew) { start(fiber); }
      position.thread = (uint32_t)thread;
      change(&caller, fiber);
      thread = (int)position.thread;
      if (fibers[thread].state == isDone) { freeStacks[freeCount++] = fibers[thread].stack; }
    }
    if (waiting > 0 && done > 0) {
      fprintf(stderr, "GPUSimulation: %s: %d threads of %d never reach a barrier\n", kernel->name, done, count);
      abort();
    }
  } while (waiting > 0);
}
