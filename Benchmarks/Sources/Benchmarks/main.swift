import Autograd
import Foundation

// Times workloads and prints one JSON object a line: seconds for one run of each.
//
//   Benchmarks [--threads N] [--filter TEXT] [--runs N] [--quick] [--list]

struct Result: Encodable {
  let workload: String
  let threads: Int
  let medianSeconds: Double
  let minSeconds: Double
  let runs: Int
  let peakMegabytes: Double

  enum CodingKeys: String, CodingKey {
    case workload
    case threads
    case medianSeconds = "median_seconds"
    case minSeconds = "min_seconds"
    case runs
    case peakMegabytes = "peak_rss_mb"
  }
}

func option(_ name: String) -> String? {
  let arguments = CommandLine.arguments
  guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return nil }
  return arguments[place + 1]
}

/// The largest memory this process has had, in megabytes.
func peakMemory() -> Double {
  var usage = rusage()
  #if os(macOS)
    getrusage(RUSAGE_SELF, &usage)
    return Double(usage.ru_maxrss) / 1e6
  #else
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return Double(usage.ru_maxrss) * 1_024 / 1e6
  #endif
}

let isQuick = CommandLine.arguments.contains("--quick")
let threads = option("--threads").flatMap(Int.init) ?? ProcessInfo.processInfo.activeProcessorCount
let runs = isQuick ? 1 : option("--runs").flatMap(Int.init) ?? 7
let filter = option("--filter") ?? ""
setThreadCount(threads)
let workloads = allWorkloads(isQuick: isQuick).filter { filter.isEmpty || $0.name.contains(filter) }
guard !workloads.isEmpty else {
  FileHandle.standardError.write(Data("no workload matches \(filter)\n".utf8))
  exit(64)
}
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
for workload in workloads {
  if CommandLine.arguments.contains("--list") {
    print(workload.name)
    continue
  }
  let run = workload.makeRun()
  let repeats = isQuick ? 1 : workload.repeats
  let clock = ContinuousClock()
  run()
  var seconds: [Double] = []
  // Long workloads are run less often.
  var total = 0.0
  while seconds.count < runs && (seconds.count < 2 || total < 6) {
    let start = clock.now
    for _ in 0..<repeats { run() }
    let duration = (clock.now - start) / .seconds(1)
    total += duration
    seconds.append(duration / Double(repeats))
  }
  seconds.sort()
  let result = Result(
    workload: workload.name, threads: threads, medianSeconds: seconds[seconds.count / 2],
    minSeconds: seconds[0], runs: seconds.count, peakMegabytes: peakMemory())
  print(String(decoding: try encoder.encode(result), as: UTF8.self))
  fflush(nil)
}
