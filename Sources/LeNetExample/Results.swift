import Autograd
import NN
internal import Platform
import Plots

/// The files that a run writes, into one folder.
final class Results {
  let files: ResultFolder
  let datasetName: String
  let classNames: [String]

  /// Results in a folder; `report` gets a line about what cannot be written.
  init(
    folder: String, datasetName: String, classNames: [String], report: @escaping (String) -> Void
  ) {
    files = ResultFolder(folder, report: report)
    self.datasetName = datasetName
    self.classNames = classNames
  }

  /// Makes the folder, and finds what cannot be written there before the training.
  func prepare() throws(FileError) {
    try files.prepare(["metrics.csv", "training.svg", "predictions.svg", "weights.safetensors"])
  }

  /// Writes the empty metrics at a run's start.
  func begin() throws(FileError) {
    try writeAtomically(History().csv, to: files.file("metrics.csv"))
    // An earlier run's figure would not belong to these metrics.
    unlink(files.file("training.svg"))
  }

  /// Writes `metrics.csv` and, once there is something to see, `training.svg`.
  func write(_ history: History) {
    files.write("metrics.csv", text: history.csv)
    guard !history.epochs.isEmpty else { return }
    let plot = TrainingPlot(history, title: "LeNet on \(datasetName)")
    files.write("training.svg", text: plot.svg)
  }

  /// Writes `weights.safetensors` and `predictions.svg`.
  func write(_ model: LeNet, _ validation: any Dataset) {
    files.write("weights.safetensors") { path throws(FileError) in try model.save(to: path) }
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
    files.write("predictions.svg", text: grid.svg)
  }

  /// The names of the files that a run with this history wrote.
  func names(_ history: History) -> [String] {
    let names =
      ["metrics.csv"] + (history.epochs.isEmpty ? [] : ["training.svg"])
      + ["predictions.svg", "weights.safetensors"]
    return names.filter { files.failures[$0] == nil }
  }
}
