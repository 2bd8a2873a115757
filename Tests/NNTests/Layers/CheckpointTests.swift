import Autograd
import Testing

@testable import NN

@Suite struct CheckpointTests {
  private static func block(_ width: Int = 16) -> [any Layer] {
    [LazyLinear(width), Tanh(), Dropout(0.3), LazyLinear(width), Sigmoid(), Dropout(0.5)]
  }

  /// The loss and all gradients (the input's last) of a net of three blocks and two steps.
  private static func run(checkpointed: Bool, isLazy: Bool = false) -> [[Float]] {
    let blocks = (0..<3).map { _ in Sequential(block()) }
    let model = Sequential(blocks)
    model.initialize(seed: 5)
    let head = checkpointed ? Sequential(blocks.map { Checkpoint($0) }) : model
    if !isLazy { head.materialize(for: inputs([8, 4])) }
    var found: [[Float]] = []
    let optimizer = SGD(model.parameters, learningRate: 0.5)
    for step in 1...2 {
      let x = inputs([8, 4], seed: UInt64(step))
      let tape = Tape()
      let watched = tape.watch(x)
      let (loss, gradients) = model.valueAndGradients { head(watched).square().sum() }
      found.append(loss.stoppingGradient().floats)
      found += gradients.map { $0.gradient.stoppingGradient().floats }
      found.append(tape.gradient(of: loss, at: watched).floats)
      optimizer.step(Gradients(gradients.map { ($0.parameter, $0.gradient.stoppingGradient()) }))
    }
    return found
  }

  @Test func gradientsAreEqualBitForBitWithDropoutInside() {
    let plain = Self.run(checkpointed: false)
    #expect(plain.count == 28 && plain.allSatisfy { $0.contains { $0 != 0 } })
    #expect(Self.run(checkpointed: true) == plain)
    #expect(Self.run(checkpointed: true, isLazy: true) == plain)
  }

  /// Halves are rounded after every operation, also where the layer is computed again.
  @Test(arguments: [DType.float16, .bfloat16]) func halvesAreEqualBitForBit(_ type: DType) {
    let block = Sequential(
      LazyLinear(8), Tanh(), LayerNorm(8), Dropout(0.3), LazyLinear(8), GELU())
    let x = inputs([5, 4]).asType(type)
    block.materialize(for: x)
    block.to(type)
    func run(_ layer: any Layer) -> [[Float]] {
      block.initialize(seed: 4)
      let tape = Tape()
      let watched = tape.watch(x)
      let (loss, gradients) = block.valueAndGradients {
        layer(watched).asType(.float32).square().sum()
      }
      return [loss.floats, tape.gradient(of: loss, at: watched).floats]
        + gradients.map(\.gradient.floats)
    }
    let plain = run(block)
    #expect(plain.count == 8 && run(Checkpoint(block)) == plain)
  }

  @Test func higherOrdersPass() throws {
    let inner = Sequential(LazyLinear(3), Tanh(), LazyLinear(2))
    try checkGradients(of: Checkpoint(inner), at: inputs([2, 4], dtype: .float64), order: 2)
  }

  @Test func withoutATapeTheLayerRunsOnce() {
    let layer = Sequential(LazyLinear(3), ReLU())
    let x = inputs([2, 4])
    #expect(checkpoint(layer, x).floats == layer(x).floats)
    #expect(!checkpoint(layer, x).isTraced)
  }

  @Test func modesAtTheFirstTimeCount() {
    let dropout = Dropout(0.5)
    let layer = Checkpoint(dropout)
    let tape = Tape()
    let x = tape.watch(Tensor.ones([100]))
    let y = layer(x)
    let after = dropout.random
    layer.evaluate()
    let dx = tape.gradient(of: y.sum(), at: x)
    #expect(dx.floats == y.stoppingGradient().floats)  // 0 or 2
    #expect(!dropout.isTraining, "what changed meanwhile stays")
    var (now, then) = (dropout.random, after)
    #expect(now.next() == then.next())
  }

  @Test func namesAndParameters() {
    let layer = Checkpoint(Linear(2, 3))
    #expect(layer.namedParameters.map(\.path) == ["layer.weight", "layer.bias"])
  }

  /// In a process of its own, since memory is counted for the whole process.
  @Test func checkpointsSaveMemory() async {
    await #expect(processExitsWith: .success) {
      func peak(checkpointed: Bool) -> Int {
        let blocks = (0..<8).map { _ in
          Sequential(Linear(64, 64), Tanh(), Linear(64, 64), Sigmoid(), Linear(64, 64), Tanh())
        }
        let net = checkpointed ? Sequential(blocks.map { Checkpoint($0) }) : Sequential(blocks)
        net.initialize(seed: 0)
        let x = inputs([1024, 64])
        let run = { _ = net.valueAndGradients { net(x).sum() } }
        run()
        return MemoryPool.host.peakBytes(during: run)
      }
      let (plain, checkpointed) = (peak(checkpointed: false), peak(checkpointed: true))
      // An activation takes the memory of the layer before it, so 8 blocks keep 3 results each, of 256
      // kB. Checkpointed they keep one each and, one after the other, 3; the rest are gradients.
      let result = 1024 * 64 * 4
      #expect(plain >= 24 * result && checkpointed >= 11 * result)
      #expect(checkpointed <= 14 * result, "\(checkpointed) of \(plain)")
    }
  }

  @Test func runningStatisticsMoveOnce() {
    func statistics(_ wrap: (Sequential) -> any Layer) -> [[Double]] {
      let block = Sequential(BatchNorm1d(4), Tanh(), BatchNorm1d(4, momentum: nil))
      block.initialize(seed: 3)
      let layer = wrap(block)
      for step in 1...3 {
        let x = inputs([6, 4], seed: UInt64(step))
        _ = layer.valueAndGradients { layer(x).square().sum() }
      }
      return block.namedBuffers.map { $0.buffer.value.doubles }
    }
    let plain = statistics { $0 }
    #expect(plain[2] == [3] && statistics { Checkpoint($0) } == plain)
  }
}
