import Testing

@testable import NN

@Suite struct TrainerEventTests {
  /// Events cross threads and carry plain values: a consumer elsewhere gets what the trainer sent.
  @Test func eventsAreSendable() async {
    let sent = History(epochs: [EpochMetrics(epoch: 1, trainLoss: 1, seconds: 2)])
    let received = await Task.detached { [event = TrainerEvent.finished(sent)] in
      if case .finished(let history) = event { history } else { History(wasInterrupted: true) }
    }.value
    #expect(received == sent)
  }
}
