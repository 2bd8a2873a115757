import Autograd
import NN
internal import Platform

// Uses models, data sets and tapes in several threads: `Threads [suite ...]`, all suites without an argument.
//
// CI runs it under the thread sanitizer (Scripts/thread-sanitizer). What a thread computes must have the bits that one
// thread alone gets.

let names = CommandLine.arguments.dropFirst()
guard names.allSatisfy({ name in name == "race" || Suite.all.contains { $0.name == name } }) else {
  print("suites: race, " + Suite.all.map(\.name).joined(separator: ", "))
  exit(64)
}
ThreadPool.threadCount = 3
// Kept blocks go from thread to thread under a lock that the sanitizer does not see; those of `malloc` do not.
Device.cpu.memoryCacheLimit = 0
if names.contains("race") { plantedRace() }
for suite in Suite.all where names.isEmpty || names.contains(suite.name) {
  suite.run()
  print("\(suite.name): passed")
}
