import Autograd
import NN
internal import Platform
import Plots

/// The files that a run writes, into one folder.
///
/// Once training has begun, a file that cannot be written, such as on a full disk, does not end the
/// run: it is reported, once for each reason, and listed in `failures`.
final class Results {
  let folder: String
  let datasetName: String
  let classNames: [String]
  /// The files that could not be written when that was last tried, by name.
  private(set) var failures: [String: FileError] = [:]
  private let report: (String) -> Void
  private var reportedReasons: Set<String> = []

  /// Results in a folder; `report` gets a line about what cannot be written.
  init(
    folder: String, datasetName: String, classNames: [String], report: @escaping (String) -> Void
  ) {
    self.folder = folder
    self.datasetName = datasetName
    self.classNames = classNames
    self.report = report
  }

  /// Makes the folder, and finds what cannot be written there before the training.
  ///
  /// Removes what runs that were ended while they wrote have left there.
  func prepare() throws(FileError) {
    try makeFolder(folder)
    removeLeftovers(in: folder)
    for name in ["metrics.csv", "training.svg", "predictions.svg", "weights.safetensors"] {
      try checkWritable(path(name))
    }
  }

  /// Writes the empty metrics at a run's start.
  func begin() throws(FileError) {
    try writeAtomically(History().csv, to: path("metrics.csv"))
    // An earlier run's figure would not belong to these metrics.
    unlink(path("training.svg"))
  }

  /// Writes `metrics.csv` and, once there is something to see, `training.svg`.
  func write(_ history: History) {
    write("metrics.csv") { path throws(FileError) in try writeAtomically(history.csv, to: path) }
    guard !history.epochs.isEmpty else { return }
    let plot = TrainingPlot(history, title: "LeNet on \(datasetName)")
    write("training.svg") { path throws(FileError) in try writeAtomically(plot.svg, to: path) }
  }

  /// Writes `weights.safetensors` and `predictions.svg`.
  func write(_ model: LeNet, _ validation: any Dataset) {
    write("weights.safetensors") { path throws(FileError) in try model.save(to: path) }
    let batch = validation.batch(Array(0..<min(32, validation.count)))
    let predicted = model.to(.cpu).predict(batch.inputs).scalars(as: Int.self)
    let labels = batch.labels.scalars(as: Int.self)
    let (height, width) = (batch.inputs.size(2), batch.inputs.size(3))
    let pixels = (batch.inputs * 255 + 0.5).scalars(as: UInt8.self)
    let tiles = labels.indices.map { index in
      ImageTile(
        pixels: Array(pixels[index * height * width..<(index + 1) * height * width]), width: width,
        height: height, trueLabel: classNames[labels[index]],
        predictedLabel: classNames[predicted[index]])
    }
    let grid = ImageGrid(tiles, title: "LeNet's predictions on \(datasetName)")
    write("predictions.svg") { path throws(FileError) in try writeAtomically(grid.svg, to: path) }
  }

  /// The names of the files that a run with this history wrote.
  func names(_ history: History) -> [String] {
    let names =
      ["metrics.csv"] + (history.epochs.isEmpty ? [] : ["training.svg"])
      + ["predictions.svg", "weights.safetensors"]
    return names.filter { failures[$0] == nil }
  }

  private func path(_ name: String) -> String { folder + "/" + name }

  private func write(_ name: String, _ body: (String) throws(FileError) -> Void) {
    do throws(FileError) {
      try body(path(name))
      failures[name] = nil
    } catch {
      failures[name] = error
      if reportedReasons.insert(error.reason).inserted { report("\(error); the run continues") }
    }
  }
}
