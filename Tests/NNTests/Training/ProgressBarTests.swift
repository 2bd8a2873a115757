import Testing

@testable import NN

@Suite struct ProgressBarTests {
  /// A terminal, or none, that records what is written, and a clock that is set by hand.
  private final class Screen {
    var columns: Int?
    var time = 100.0
    var written: [String] = []

    init(columns: Int?) { self.columns = columns }

    func makeBar() -> ProgressBar {
      ProgressBar(
        sampleName: "images",
        output: ProgressOutput(columns: { self.columns }, write: { self.written.append($0) }),
        now: { self.time })
    }

    /// What a terminal of endless height would show: carriage return, newline and "erase to the
    /// end" understood.
    var lines: [String] {
      var lines: [[Character]] = [[]]
      var column = 0
      let text = written.joined().replacing("\u{1B}[K", with: "\u{0}")
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\r": column = 0
        case "\n":
          lines.append([])
          column = 0
        case "\u{0}":
          lines[lines.count - 1].removeLast(max(0, lines[lines.count - 1].count - column))
        default:
          if column < lines[lines.count - 1].count {
            lines[lines.count - 1][column] = Character(scalar)
          } else {
            lines[lines.count - 1].append(Character(scalar))
          }
          column += 1
        }
      }
      return lines.map { String($0) }
    }
  }

  private func batch(_ batch: Int, epoch: Int = 1) -> TrainerEvent {
    .batchEnded(epoch: epoch, batch: batch, batchCount: 100, loss: 1.5, samplesPerSecond: 1000)
  }
  private let metrics = EpochMetrics(
    epoch: 1, trainLoss: 1.25, validationLoss: 1.5, validationAccuracy: 0.5, seconds: 2)

  @Test func terminalShowsOneBarAndOneLineAnEpoch() {
    let screen = Screen(columns: 80)
    let bar = screen.makeBar()
    bar.handle(.started(epochCount: 2, batchesPerEpoch: 100, device: "cpu"))
    bar.handle(batch(1))
    screen.time += 10
    bar.handle(batch(50))
    #expect(
      screen.lines == [
        "epoch 1/2  [========>         ]   50/100  loss 1.500   1000 images/s  0:30 left"
      ])
    bar.handle(.epochEnded(metrics))
    let summary = "epoch 1/2  train_loss 1.250  val_loss 1.500  val_acc 0.500  2.0 s"
    #expect(screen.lines == [summary, ""])
    screen.time += 10
    bar.handle(batch(1, epoch: 2))
    #expect(screen.lines.count == 2 && screen.lines[1].hasPrefix("epoch 2/2  ["))
    bar.handle(.finished(History(epochs: [metrics])))
    #expect(screen.lines == [summary, ""])
  }

  /// A second fit begins in the second epoch: what was done before says nothing about the time left.
  @Test func theTimeLeftIsThatOfThisFit() {
    let screen = Screen(columns: 80)
    let bar = screen.makeBar()
    bar.handle(.started(epochCount: 2, batchesPerEpoch: 100, device: "cpu"))
    bar.handle(batch(1, epoch: 2))
    screen.time += 10
    bar.handle(batch(50, epoch: 2))
    #expect(screen.lines[0].hasSuffix("  0:10 left"), "\(screen.lines)")
  }

  @Test func redrawsAtMostTwentyTimesASecond() {
    let screen = Screen(columns: 80)
    let bar = screen.makeBar()
    bar.handle(.started(epochCount: 1, batchesPerEpoch: 100, device: "cpu"))
    for _ in 0..<1000 {
      bar.handle(batch(1))
      screen.time += 0.001
    }
    #expect((19...21).contains(screen.written.count))
  }

  @Test func followsTheTerminalsWidth() {
    let screen = Screen(columns: 80)
    let bar = screen.makeBar()
    bar.handle(.started(epochCount: 1, batchesPerEpoch: 100, device: "cpu"))
    for columns in [80, 30, 100] {
      screen.columns = columns
      screen.time += 1
      bar.handle(batch(1))
      #expect(screen.lines.count == 1)
      #expect(screen.lines[0].count < columns && screen.lines[0].count > columns - 15)
    }
  }

  @Test func elsewhereOnlyPlainLines() {
    let screen = Screen(columns: nil)
    let bar = screen.makeBar()
    bar.handle(.started(epochCount: 10, batchesPerEpoch: 100, device: "cpu"))
    screen.time += 10
    bar.handle(batch(50))
    bar.handle(.epochEnded(metrics))
    bar.handle(.finished(History(epochs: [metrics])))
    #expect(
      screen.written == ["epoch  1/10  train_loss 1.250  val_loss 1.500  val_acc 0.500  2.0 s\n"])
  }

  @Test(arguments: [nil, 80])
  func interruptionIsSaid(_ columns: Int?) {
    let screen = Screen(columns: columns)
    let bar = screen.makeBar()
    bar.handle(.started(epochCount: 10, batchesPerEpoch: 100, device: "cpu"))
    bar.handle(batch(50))
    bar.handle(.finished(History(epochs: [metrics], wasInterrupted: true)))
    #expect(screen.lines == ["interrupted after 1 of 10 epochs", ""])
  }

  @Test func changesNoTerminalMode() {
    let screen = Screen(columns: 80)
    let bar = screen.makeBar()
    bar.handle(.started(epochCount: 1, batchesPerEpoch: 100, device: "cpu"))
    bar.handle(batch(50))
    bar.handle(.epochEnded(metrics))
    #expect(!screen.written.joined().replacing("\u{1B}[K", with: "").contains("\u{1B}"))
  }

  @Test func timeLeftCountsTheWholeRunAndWaitsForEvidence() {
    let screen = Screen(columns: 80)
    let bar = screen.makeBar()
    bar.handle(.started(epochCount: 10, batchesPerEpoch: 100, device: "cpu"))
    screen.time += 0.1
    bar.handle(batch(1))
    #expect(screen.lines[0].hasSuffix("-:-- left"))
    screen.time += 59.9
    bar.handle(batch(50, epoch: 2))
    #expect(screen.lines[0].hasSuffix(" 5:40 left"))
    screen.time += 1
    bar.handle(batch(100, epoch: 10))
    #expect(screen.lines[0].hasSuffix(" 0:00 left"))
  }
}
