/// What a trainer reports while it runs.
///
/// Progress bars, logs and plots read these, so that the training loop knows none of them.
public enum TrainerEvent: Sendable {
  /// The run begins. The device is the trainer's `deviceSummary`.
  case started(epochCount: Int, batchesPerEpoch: Int, device: String)
  /// The run continues from a checkpoint, in an epoch after some of its batches, with the figures of the epochs before;
  /// after `started`.
  ///
  /// - note: What differs from the run before, nil if nothing does.
  case resumed(from: String, epoch: Int, batch: Int, history: History, note: String?)
  /// A checkpoint is damaged or cannot be read, so that an older one is tried; before `started`.
  case checkpointSkipped(FileError)
  /// A checkpoint was written, to this path.
  case checkpointSaved(String)
  /// A checkpoint could not be written; the run continues, and earlier checkpoints are unchanged.
  case checkpointFailed(FileError)
  /// A training batch is done; epochs and batches count from 1, and the loss is the mean over the
  /// epoch so far.
  case batchEnded(epoch: Int, batch: Int, batchCount: Int, loss: Double, samplesPerSecond: Double)
  /// The loss of a batch was NaN or infinite, for the first time in this run, which goes on; before the event of the
  /// batch.
  case lossNotFinite(epoch: Int, batch: Int, loss: Double)
  /// The model was validated within an epoch, after the metrics' batch; see `Trainer.validationInterval`.
  case validated(EpochMetrics)
  /// An epoch is done, its validation included.
  case epochEnded(EpochMetrics)
  /// The run is over, complete or interrupted; the last event of every run.
  case finished(History)
}
