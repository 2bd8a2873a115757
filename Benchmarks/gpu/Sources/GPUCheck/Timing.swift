import Autograd

// What a launch, a copy and a product take.

func timeLaunches(_ gpu: Device, _ count: Int, largest: Int, _ page: inout Page) {
  page.heading("Launches and copies")
  var x = Tensor.ones([1024], device: gpu)
  let queued = medianSeconds(5) {
    for _ in 0..<count { x = x * 1.0 }
    _ = x.sum().item()
  }
  page.line(
    "- one multiplication of 1,024 floats, queued: \(short(queued / Double(count) * 1e6)) µs")
  let waited = medianSeconds(5) { for _ in 0..<100 { _ = (x.sum()).item() } }
  page.line("- a sum of 1,024 floats and reading it: \(short(waited / 100 * 1e6)) µs")
  for size in [4, 1 << 10, 1 << 20, 1 << 26] where size <= largest {
    let host = Tensor.ones([size / 4])
    let there = host.to(gpu)
    let up = medianSeconds(5) { _ = host.to(gpu) }
    let down = medianSeconds(5) { _ = there.to(.cpu) }
    page.line("- \(size) bytes: up \(short(up * 1e6)) µs, down \(short(down * 1e6)) µs")
  }
  let large = Tensor.ones([largest], device: gpu)
  let add = medianSeconds(5) {
    var y = large
    for _ in 0..<10 { y = y + large }
    _ = y.slice(axis: 0, to: 1).item()
  }
  page.line("- adding \(largest) floats: \(short(10 * 3 * 4 * Double(largest) / add / 1e9)) GB/s")
}

func timeProducts(_ gpu: Device, _ sizes: [Int], _ page: inout Page) {
  page.heading("Matrix products in float32")
  for size in sizes {
    let a = Tensor.ones([size, size], device: gpu)
    let runs = max(1, min(200, 1 << 36 / (size * size * size)))
    let time = medianSeconds(3) {
      var y = a
      for _ in 0..<runs { y = a.matmul(a) }
      _ = y.slice(axis: 0, to: 1).slice(axis: 1, to: 1).item()
    }
    let flops = 2 * Double(size * size * size) * Double(runs) / time
    page.line("- \(size): \(short(time / Double(runs) * 1e6)) µs, \(short(flops / 1e12)) TFLOP/s")
  }
}
