import Foundation
import TestCases

// Runs the cases of a directory, from one on, as they are and with gaps in memory: `ReferenceRunner DIR [START]`.
// A line each: the name, a tabulator, "passed" or the reason. The caller goes on after a case that stopped the program.

let arguments = CommandLine.arguments
guard arguments.count > 1 else {
  print("ReferenceRunner DIR [START]")
  exit(64)
}
let directory = try ReferenceDirectory(arguments[1])
try directory.run(
  from: arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0,
  write: { try FileHandle.standardOutput.write(contentsOf: Data($0.utf8)) },
  { reference in
    try reference.run(in: { $0 })
    do {
      try reference.run(in: { $0.withGaps() })
    } catch {
      throw ReferenceFailure("with gaps in memory: \(error)")
    }
  })
