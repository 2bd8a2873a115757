import Autograd
import Foundation
import NN

// Saving and loading: weights and optimizer state as safetensors, such that an interrupted run continues
// bit for bit, and weights that PyTorch can read.

let folder = FileManager.default.temporaryDirectory.appending(path: "save-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }
let weights = folder.appending(path: "weights.safetensors").path
let state = folder.appending(path: "optimizer.safetensors").path

func makeNet() -> Sequential { Sequential(LazyLinear(16), Tanh(), LazyLinear(1)) }

var random = RandomStream(seed: 0)
let x = random.normal([128, 4])
let y = x.square().sum(axis: 1, keepDims: true)

/// Makes steps and returns the last loss.
func train(_ net: Sequential, _ optimizer: Adam, steps: Int) -> Double {
  var last = 0.0
  for _ in 0..<steps {
    last = optimizer.step { net.valueAndGradients { mseLoss(net(x), y) } }.item()
  }
  return last
}

// A run without an interruption.
let net = makeNet()
net.initialize(seed: 1)
let optimizer = Adam(net.parameters, learningRate: 0.05)
print("after 50 steps:", train(net, optimizer, steps: 50))
try net.save(to: weights)
try optimizer.save(to: state, named: net.namedParameters)
let uninterrupted = train(net, optimizer, steps: 50)

// Another one, from the files. A lazy net gets its shapes from them.
let resumed = makeNet()
try resumed.load(from: weights)
let resumedOptimizer = Adam(resumed.parameters, learningRate: 0.05)
try resumedOptimizer.load(from: state, named: resumed.namedParameters)
let continued = train(resumed, resumedOptimizer, steps: 50)
print("after 100 steps, without and with an interruption:", uninterrupted, continued)

// The file's contents: PyTorch's load_state_dict takes the same names and shapes.
for (name, tensor) in try Safetensors.read(weights) { print(name, tensor.dtype, tensor.shape) }

// A file that does not fit changes nothing and says why.
let other = Sequential(LazyLinear(8), Tanh(), LazyLinear(1))
var reason = ""
do { try other.load(from: weights) } catch { reason = error.reason }
print("another net:", reason)

let isEqual = zip(net.parameters, resumed.parameters).allSatisfy {
  $0.value.scalars() == $1.value.scalars()
}
guard isEqual, uninterrupted == continued, !reason.isEmpty else {
  fatalError("the resumed run differs")
}
