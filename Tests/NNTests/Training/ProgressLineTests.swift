import Testing

@testable import NN

@Suite struct ProgressLineTests {
  private let line = ProgressLine(
    epoch: 3, epochCount: 10, batch: 123, batchCount: 469, loss: 0.91234, samplesPerSecond: 25600.4,
    sampleName: "images", secondsLeft: 83)

  @Test(arguments: [
    (
      200,
      "epoch  3/10  [=========>                              ]  123/469  loss 0.912  25600 images/s  1:23 left"
    ),
    (80, "epoch  3/10  [===>            ]  123/469  loss 0.912  25600 images/s  1:23 left"),
    (60, "epoch  3/10  [==>         ]  123/469  loss 0.912  1:23 left"),
    (50, "epoch  3/10  [=>         ]  loss 0.912  1:23 left"),
    (40, " 3/10  [>      ]  loss 0.912  1:23 left"),
    (30, " 3/10  loss 0.912  1:23 left"),
    (20, " 3/10  loss 0.912"),
    (10, " 3/10"),
    (4, " 3/"),
    (0, ""),
  ])
  func fitsTheWidth(_ columns: Int, _ text: String) {
    #expect(line.text(columns: columns) == text)
  }

  @Test func neverReachesTheLastColumn() {
    for columns in 1...250 {
      let count = line.text(columns: columns).count
      #expect(count < columns, "\(columns) columns")
      #expect(
        columns < 12 || count >= columns / 3 || columns > 100,
        "\(columns) columns hold more than \(count)")
    }
  }

  @Test(arguments: [
    (0, 4, "[    ]"), (1, 4, "[>   ]"), (2, 4, "[=>  ]"), (4, 4, "[====]"), (5, 4, "[====]"),
    (1, 0, "[    ]"),
  ])
  func barShowsTheShare(_ batch: Int, _ batchCount: Int, _ text: String) {
    var line = line
    (line.batch, line.batchCount) = (batch, batchCount)
    #expect(line.bar(width: 6) == text)
  }

  @Test func figuresThatAreNotFiniteAreShown() {
    var line = line
    (line.loss, line.samplesPerSecond, line.secondsLeft) = (.nan, .infinity, nil)
    #expect(line.text(columns: 80).hasSuffix("loss nan    inf images/s  -:-- left"))
  }

  @Test(
    arguments: [
      (0.4, "0:00"), (59.6, "1:00"), (83, "1:23"), (3599.4, "59:59"), (3600, "1:00:00"),
      (360_000, "100:00:00"),
      (nil, "-:--"), (.nan, "-:--"), (.infinity, "-:--"), (-1, "-:--"), (1e300, "-:--"),
    ] as [(Double?, String)])
  func durations(_ seconds: Double?, _ text: String) {
    #expect(ProgressLine.duration(seconds) == text)
  }

  private let metrics = EpochMetrics(
    epoch: 3, trainLoss: 0.9124, validationLoss: 0.8836, validationAccuracy: 0.671, seconds: 0.81)

  @Test(
    arguments: [
      (nil, "epoch  3/10  train_loss 0.912  val_loss 0.884  val_acc 0.671  0.8 s"),
      (80, "epoch  3/10  train_loss 0.912  val_loss 0.884  val_acc 0.671  0.8 s"),
      (66, "epoch  3/10  train_loss 0.912  val_loss 0.884  val_acc 0.671"),
      (50, " 3/10  train 0.912  val 0.884  acc 0.671  0.8 s"),
      (41, " 3/10  train 0.912  val 0.884  acc 0.671"),
      (40, " 3/10 train 0.912 val 0.884 acc 0.671"),
      (30, " 3/10 train 0.912 val 0.884"),
      (10, " 3/10"),
      (3, " 3"),
    ] as [(Int?, String)])
  func summaryFitsTheWidth(_ columns: Int?, _ text: String) {
    #expect(ProgressLine.summary(of: metrics, epochCount: 10, columns: columns) == text)
  }

  @Test func summaryOfARunWithoutValidation() {
    let metrics = EpochMetrics(epoch: 1, trainLoss: .nan, seconds: 61.25)
    #expect(ProgressLine.summary(of: metrics, epochCount: 1) == "epoch 1/1  train_loss nan  61.2 s")
  }
}
