import Autograd
import Foundation
import NN
import Plots

/// The files that a run leaves behind, in a folder of its own.
struct Results {
  let folder: String
  let datasetName: String
  let classNames: [String]

  /// Makes the folder and writes the empty metrics, so that a folder that cannot be written to is
  /// found before the training.
  func prepare() throws(FileError) {
    try makeFolder(folder)
    try write(History())
    // An earlier run's figure would not belong to these metrics.
    unlink(path("training.svg"))
  }

  /// Writes `metrics.csv` and, once there is something to see, `training.svg`.
  func write(_ history: History) throws(FileError) {
    try writeAtomically(history.csv, to: path("metrics.csv"))
    guard !history.epochs.isEmpty else { return }
    let plot = TrainingPlot(history, title: "LeNet on \(datasetName)")
    try writeAtomically(plot.svg, to: path("training.svg"))
  }

  /// Writes `weights.safetensors` and `predictions.svg`.
  func write(_ model: LeNet, _ validation: any Dataset) throws(FileError) {
    var failure: FileError?
    do { try model.save(to: path("weights.safetensors")) } catch { failure = error }
    let batch = validation.batch(Array(0..<min(32, validation.count)))
    let predicted = model.predict(batch.inputs).scalars(as: Int.self)
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
    try writeAtomically(grid.svg, to: path("predictions.svg"))
    if let failure { throw failure }
  }

  /// The names of the files that a run with this history wrote.
  func names(_ history: History) -> [String] {
    ["metrics.csv"] + (history.epochs.isEmpty ? [] : ["training.svg"])
      + ["predictions.svg", "weights.safetensors"]
  }

  private func path(_ name: String) -> String { folder + "/" + name }
}
