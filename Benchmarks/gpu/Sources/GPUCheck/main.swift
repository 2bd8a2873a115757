import Autograd
import NN

// Compares the first GPU with the CPU and times it: `GPUCheck [--quick] [--data FOLDER]`, the folder with
// Fashion-MNIST's four IDX files, unpacked. `--quick` is for the simulated driver.

let isQuick = CommandLine.arguments.contains("--quick")
let folder = CommandLine.arguments.firstIndex(of: "--data").map { CommandLine.arguments[$0 + 1] }
var page = Page()

page.heading("Device")
let start = ContinuousClock.now
guard let gpu = Device.gpus.first else { stop(Device.gpuProblem ?? "there is no GPU") }
page.line("- \(gpu), \(Device.gpus.count) in all")
page.line("- found after \(short((ContinuousClock.now - start) / .seconds(1) * 1e3)) ms")
let first = seconds { _ = (Tensor.ones([4], device: gpu) + 1).sum().item() }
page.line("- context, kernels and a first sum: \(short(first * 1e3)) ms")
if CommandLine.arguments.contains("--start") { finish(page) }

do {
  checkElementwise(gpu, isQuick ? 1 << 12 : 1 << 20, &page)
  checkOperations(gpu, &page)
  let train = try Images(folder, "train", isQuick ? 2560 : 60_000)
  let test = try Images(folder, "t10k", isQuick ? 128 : 10_000)
  checkTraining(gpu, train, &page)
  page.heading("Primitives that ran on the CPU")
  for (primitive, fallback) in gpu.fallbacks.sorted(by: { $0.key < $1.key }) {
    page.line("- \(primitive): \(fallback.calls) times, \(fallback.bytes) bytes")
  }
  timeLaunches(gpu, isQuick ? 100 : 10_000, &page)
  timeProducts(gpu, isQuick ? [64] : [256, 512, 1024, 2048, 4096, 8192], &page)
  if !isQuick {
    timeTraining(gpu, train, test, 3, &page)
    timeTraining(.cpu, train, test, 1, &page)
  }
} catch {
  stop("\(error)")
}
finish(page)
