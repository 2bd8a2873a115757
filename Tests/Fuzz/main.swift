import Datasets
import Foundation
import NN

// Reads mutated files: `Fuzz [--mutations 1000 | --seconds 60] [--seed 0] [family ...]`.
//
// First the files of Corpus/<family> as they are, of which those without "refused" or "crash" in their name must be
// accepted, then mutations of them, each given by the seed and its number alone. What stops the program becomes the file
// Corpus/<family>/<seed>-crash, is mended, and stays there under a name of its own.

var (mutations, seconds, seed) = (1000, Double.infinity, UInt64(0))
var names: [String] = []
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
  switch (argument, arguments.first) {
  case ("--mutations", let value?): mutations = Int(value) ?? 0
  case ("--seconds", let value?): (mutations, seconds) = (.max, Double(value) ?? 0)
  case ("--seed", let value?): seed = UInt64(value) ?? 0
  default:
    names.append(argument)
    continue
  }
  arguments.removeFirst()
}

let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("Corpus")
let families = names.isEmpty ? Family.all : Family.all.filter { names.contains($0.name) }
guard families.count == max(names.count, 1) || names.isEmpty else {
  print("families: " + Family.all.map(\.name).joined(separator: ", "))
  exit(64)
}
CrashReport.install()
for family in families {
  let folder = corpus.appendingPathComponent(family.name)
  let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  let inputs = try files.map { [UInt8](try Data(contentsOf: folder.appendingPathComponent($0))) }
  for (name, bytes) in zip(files, inputs) {
    let reason = CrashReport.watching(bytes, folder.path + "/" + name) {
      family.read(bytes, name)
    }
    if let reason, !name.contains("refused"), !name.contains("crash") {
      print("\(family.name): \(name) is refused: \(reason)")
      exit(1)
    }
  }
  let start = Date()
  var (count, accepted) = (0, 0)
  while count < mutations, count % 64 != 0 || -start.timeIntervalSinceNow < seconds {
    // Two draws apart, so that neighbors have nothing in common.
    var seeds = SplitMix64(seed: seed &+ UInt64(count) << 20)
    var mutator = Mutator(random: SplitMix64(seed: seeds.next()))
    let index = mutator.random.next(0...inputs.count - 1)
    let other = inputs[mutator.random.next(0...inputs.count - 1)]
    let bytes =
      family.isFramed
      ? mutator.mutatedFrame(inputs[index], other) : mutator.mutated(inputs[index], other)
    let stem = String(files[index].prefix { $0.isLetter })
    let reason = CrashReport.watching(bytes, "\(folder.path)/\(stem)-\(seed)-crash") {
      family.read(bytes, files[index])
    }
    if reason == nil { accepted += 1 }
    count += 1
  }
  let elapsed = String(format: "%.1f", -start.timeIntervalSinceNow)
  print(
    "\(family.name): \(files.count) files, \(count) mutations, \(accepted) accepted, \(elapsed) s")
}
