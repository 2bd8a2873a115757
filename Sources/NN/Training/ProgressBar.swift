/// Shows a training run's progress from the trainer's events.
///
/// On a terminal, one line is redrawn at most twenty times a second: epoch, bar, batch, loss, rate and the time left
/// for the whole run, shortened to the terminal's width. Elsewhere (a file, a pipe, TERM=dumb) only the permanent lines
/// appear, which both have: one per epoch and per validation within one, one if the run was interrupted, and one if a
/// loss was not finite. The cursor is never hidden and no terminal mode is changed, so there is nothing to restore when
/// a program is killed.
///
///     epoch  3/10  train_loss 0.912  val_loss 0.884  val_acc 0.671  0.8 s
public final class ProgressBar {
  private static let shortestRedraw = 0.05
  /// Before this many seconds an estimate of the time left says more about warming up than about
  /// the run.
  private static let shortestEstimate = 0.5
  private static let eraseLine = "\r\u{1B}[K"

  private let sampleName: String
  private let output: ProgressOutput
  private let now: () -> Double
  private var epochCount = 0
  /// Epochs and batches that were done before this `fit`; nil before its first batch.
  private var doneBefore: (epochs: Int, batches: Int)?
  private var startTime = 0.0
  private var lastDrawTime: Double?
  private var isBarShown = false

  /// Creates a progress bar that writes to a file descriptor: 1 is standard output, 2 standard
  /// error.
  ///
  /// The rate counts samples under the name given, in the plural.
  public convenience init(fileDescriptor: Int32 = 1, sampleName: String = "samples") {
    let start = ContinuousClock.now
    self.init(sampleName: sampleName, output: ProgressOutput(fileDescriptor: fileDescriptor)) {
      (ContinuousClock.now - start) / .seconds(1)
    }
  }

  /// Creates a progress bar with its surroundings given; `now` is a time in seconds that never runs
  /// backwards.
  init(sampleName: String, output: ProgressOutput, now: @escaping () -> Double) {
    self.sampleName = sampleName
    self.output = output
    self.now = now
  }

  /// Shows an event.
  ///
  /// To be called with all events of a run, in order, from one thread at a time. Events that change
  /// nothing on screen cost a look at the clock.
  public func handle(_ event: TrainerEvent) {
    switch event {
    case .started(let epochCount, _, _):
      doneBefore = nil
      self.epochCount = epochCount
      startTime = now()
    case .batchEnded(let epoch, let batch, let batchCount, let loss, let samplesPerSecond):
      let time = now()
      if doneBefore == nil { doneBefore = (epoch - 1, batch - 1) }
      if let lastDrawTime, time - lastDrawTime < Self.shortestRedraw { return }
      guard let columns = output.columns() else { return }
      let line = ProgressLine(
        epoch: epoch, epochCount: epochCount, batch: batch, batchCount: batchCount, loss: loss,
        samplesPerSecond: samplesPerSecond, sampleName: sampleName,
        secondsLeft: secondsLeft(at: time, epoch: epoch, batch: batch, batchCount: batchCount))
      output.write(Self.eraseLine + line.text(columns: columns))
      lastDrawTime = time
      isBarShown = true
    case .resumed(let path, let epoch, let batch, _, let note):
      writePermanently(
        "continuing from \(path), "
          + (epoch > epochCount ? "which is finished" : "epoch \(epoch), after batch \(batch)")
          + (note.map { "; " + $0.escaped } ?? ""))
    case .checkpointSkipped(let error): writePermanently("skipped \(error)")
    case .checkpointFailed(let error): writePermanently("\(error); the run continues")
    case .checkpointSaved: break
    case .lossNotFinite(let epoch, let batch, let loss):
      writePermanently("the loss of epoch \(epoch), batch \(batch) is \(loss)")
    case .validated(let metrics), .epochEnded(let metrics):
      writePermanently(
        ProgressLine.summary(of: metrics, epochCount: epochCount, columns: output.columns()))
    case .finished(let history):
      if let reason = history.stopReason {
        let count = history.epochs.count
        writePermanently("stopped after \(count) epoch\(count == 1 ? "" : "s"): \(reason.escaped)")
      } else if history.wasInterrupted {
        writePermanently("interrupted after \(history.epochs.count) of \(epochCount) epochs")
      } else {
        removeBar()
      }
    }
  }

  /// The time to the end of the run if the rest goes as fast as everything so far, validation
  /// included.
  private func secondsLeft(at time: Double, epoch: Int, batch: Int, batchCount: Int) -> Double? {
    let elapsed = time - startTime
    let (epochsBefore, batchesBefore) = doneBefore ?? (0, 0)
    let done = Double(epoch - 1 - epochsBefore) * Double(batchCount) + Double(batch - batchesBefore)
    let total =
      Double(epochCount - epochsBefore) * Double(batchCount) - Double(batchesBefore)
    guard elapsed >= Self.shortestEstimate, done > 0 else { return nil }
    return elapsed * max(0, total - done) / done
  }

  private func writePermanently(_ line: String) {
    removeBar()
    output.write(line + "\n")
  }

  private func removeBar() {
    if isBarShown { output.write(Self.eraseLine) }
    isBarShown = false
  }
}
