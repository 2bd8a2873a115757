import Autograd
import Foundation

// Times workloads and prints one JSON object a line: seconds for one run of each.
//
//   Benchmarks [--threads N] [--filter TEXT] [--only NAME] [--seconds S] [--quick] [--list]
//
// Each workload is set up, run once to warm up, and run again until the seconds are used. `--filter`
// takes the workloads whose names hold a text, `--only` the one of that name. The peak memory counts
// from before the set-up; what workloads before it left to the memory pool counts too, so
// `Benchmarks/compare` gives each one a process of its own.

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

/// The largest memory this process has had since `forgetPeakMemory`, in megabytes.
func peakMemory() -> Double {
  #if os(macOS)
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    return Double(usage.ru_maxrss) / 1e6
  #else
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first
    return (kilobytes.flatMap { Double($0) } ?? 0) * 1_024 / 1e6
  #endif
}

/// Lets the peak start from the memory in use now, where the system can do that.
func forgetPeakMemory() {
  guard let file = fopen("/proc/self/clear_refs", "w") else { return }
  fputs("5", file)
  fclose(file)
}

/// Seconds per run, sorted: measurements of about 10 ms or more until the time is used.
///
/// A long workload is run once or twice; no time at all runs any workload once.
func measurements(of run: () -> Void, seconds: Double) -> [Double] {
  let clock = ContinuousClock()
  var found: [Double] = []
  var (repeats, total) = (1, 0.0)
  repeat {
    let start = clock.now
    for _ in 0..<repeats { run() }
    let duration = (clock.now - start) / .seconds(1)
    total += duration
    if duration < 0.005 && seconds > 0 {  // too short to be timed
      repeats = max(2 * repeats, Int(0.01 / duration * Double(repeats)))
      continue
    }
    found.append(duration / Double(repeats))
  } while total < seconds || (found.count < 2 && total < 3 * seconds)
  return found.sorted()
}

let isQuick = CommandLine.arguments.contains("--quick")
let threads = option("--threads").flatMap(Int.init) ?? ProcessInfo.processInfo.activeProcessorCount
let seconds = option("--seconds").flatMap(Double.init) ?? 1
ThreadPool.threadCount = threads
let workloads = allWorkloads(isQuick: isQuick).filter { workload in
  option("--filter").map { workload.name.contains($0) } ?? true
    && option("--only").map { workload.name == $0 } ?? true
}
guard !workloads.isEmpty else {
  FileHandle.standardError.write(Data("no workload has this name\n".utf8))
  exit(64)
}
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
for workload in workloads {
  if CommandLine.arguments.contains("--list") {
    print(workload.name)
    continue
  }
  forgetPeakMemory()
  let run = workload.makeRun()
  if !workload.warmsUpItself && !isQuick { run() }
  let seconds = measurements(of: run, seconds: isQuick ? 0 : seconds)
  let result = Result(
    workload: workload.name, threads: threads, medianSeconds: seconds[seconds.count / 2],
    minSeconds: seconds[0], runs: seconds.count, peakMegabytes: peakMemory())
  print(String(decoding: try encoder.encode(result), as: UTF8.self))
  fflush(nil)
}
