import Autograd
import NN
import TestCases

// The tables of the tests, on the GPU.

/// Values and derivatives of every operation, in float32 and float64, first and second order.
func checkGradients(_ gpu: Device, _ page: inout Page) {
  page.heading("Gradient table, first and second order, compared with the CPU")
  page.checkAll(
    GradientTable.rows.flatMap(\.cases), named: { "\($0)" }, mistake: { $0.mistake(on: gpu) })
}

/// PyTorch's numbers, with the tolerance of each case.
func checkReference(_ gpu: Device, _ folders: [String], _ page: inout Page) throws {
  page.heading("Reference cases, compared with PyTorch's numbers")
  for folder in folders {
    let directory = try ReferenceDirectory(folder)
    page.line("\(folder.split(separator: "/").last ?? ""):")
    func mistake(_ json: JSON) -> String? {
      do {
        try ReferenceCase(json, directory.tensors).run(in: { $0.to(gpu) })
        return nil
      } catch {
        return "\(error)"
      }
    }
    // Calls that PyTorch refuses would stop this program.
    page.checkAll(
      directory.cases.filter { $0["error"] == nil },
      named: { $0["name"]?.string ?? "a case without name" }, mistake: mistake)
  }
}
