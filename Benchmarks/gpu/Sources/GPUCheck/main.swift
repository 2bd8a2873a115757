import Autograd
import NN

// Compares a GPU with the CPU and times it; `run` calls it for one step after the other:
//
//   GPUCheck STEP [--quick] [--device INDEX] [--data FOLDER] [--cases FOLDER]...
//
// `--quick` is for the simulated driver. The data's folder has Fashion-MNIST's four IDX files, unpacked; each folder of
// cases has PyTorch's numbers (Tests/Reference/README.md).

var (step, index, isQuick, data, cases) = ("", 0, false, String?.none, [String]())
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
  switch argument {
  case "--quick": isQuick = true
  case "--device": index = arguments.popFirst().flatMap { Int($0) } ?? -1
  case "--data": data = arguments.popFirst()
  case "--cases": cases += arguments.popFirst().map { [$0] } ?? []
  default: step = argument
  }
}

let start = ContinuousClock.now
guard Device.gpus.indices.contains(index) else {
  stop(Device.gpuProblem ?? "there is no GPU \(index)")
}
let gpu = Device.gpus[index]
gpu.fallbackPolicy = .silent  // the page lists fallbacks
// 640 elements fill a block of memory exactly in every type.
let shapes = [[5, 128], [3, 7]]
var page = Page()

do {
  switch step {
  case "start":
    page.line("- \(gpu), \(Device.gpus.count) in all")
    page.line("- found after \(short((ContinuousClock.now - start) / .seconds(1) * 1e3)) ms")
    let first = seconds { _ = (Tensor.ones([4], device: gpu) + 1).sum().item() }
    page.line("- context, kernels and a first sum: \(short(first * 1e3)) ms")
  case "elementwise": checkElementwise(gpu, isQuick ? 1 << 12 : 1 << 20, &page)
  case "primitives": checkPrimitives(gpu, shapes + [[1, 1], [0, 3], [3, 0]], &page)
  case "operations": checkOperations(gpu, [.float32, .float64], &page)
  case "gradients": checkGradients(gpu, &page)
  case "reference": try checkReference(gpu, cases, &page)
  case "sanitize":
    // A short selection for compute-sanitizer, which sees the bounds of memory that comes from the driver.
    gpu.memoryCacheLimit = 0
    checkElementwise(gpu, 1 << 10, &page)
    checkPrimitives(gpu, shapes, &page)
    checkOperations(gpu, [.float32], &page)
  case "training": checkTraining(gpu, try Images(data, "train", 2560), isQuick ? 2 : 20, &page)
  case "times":
    timeLaunches(gpu, isQuick ? 100 : 10_000, largest: isQuick ? 1 << 16 : 1 << 26, &page)
    timeProducts(gpu, isQuick ? [64] : [256, 512, 1024, 2048, 4096, 8192], &page)
    let train = try Images(data, "train", isQuick ? 256 : 60_000)
    let test = try Images(data, "t10k", isQuick ? 128 : 10_000)
    timeTraining(gpu, train, test, isQuick ? 1 : 3, &page)
    timeTraining(.cpu, train, test, 1, &page)
  default: stop("there is no step \(step)")
  }
} catch {
  stop("\(error)")
}
page.fallbacks(of: gpu)
page.finish()
