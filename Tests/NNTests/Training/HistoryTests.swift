import Testing

@testable import NN

@Suite struct HistoryTests {
  @Test func csvHasHeaderAndFixedDecimals() {
    let history = History(epochs: [
      EpochMetrics(
        epoch: 1, trainLoss: 2.302585, validationLoss: 2.25, validationAccuracy: 0.1,
        seconds: 0.8126),
      EpochMetrics(
        epoch: 2, trainLoss: 0.735_000_49, validationLoss: 0.7, validationAccuracy: 1, seconds: 12),
    ])
    #expect(
      history.csv == """
        epoch,train_loss,val_loss,val_acc,seconds
        1,2.302585,2.250000,0.100000,0.813
        2,0.735000,0.700000,1.000000,12.000

        """)
  }

  @Test func csvLeavesMissingValidationEmpty() {
    let history = History(epochs: [EpochMetrics(epoch: 1, trainLoss: 1.5, seconds: 2)])
    #expect(history.csv.hasSuffix("\n1,1.500000,,,2.000\n"))
  }

  @Test func csvWritesNumbersThatAreNotFinite() {
    let metrics = EpochMetrics(
      epoch: 3, trainLoss: .nan, validationLoss: .infinity, validationAccuracy: 0.25, seconds: 0.5)
    #expect(History(epochs: [metrics]).csv.hasSuffix("\n3,nan,inf,0.250000,0.500\n"))
  }

  @Test func emptyHistoryIsOnlyAHeader() {
    #expect(History(wasInterrupted: true).csv == "epoch,train_loss,val_loss,val_acc,seconds\n")
    #expect(History() != History(wasInterrupted: true))
  }
}
