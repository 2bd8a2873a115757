import Foundation
import TestSupport
import Testing

@testable import NN

@Suite struct MakeFolderTests {
  @Test func makesAllThatIsMissing() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/a/b//c"
    try makeFolder(path)
    try makeFolder(path)
    var isFolder: ObjCBool = false
    #expect(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder))
    #expect(isFolder.boolValue)
  }

  @Test func aFileInTheWayIsNamed() throws {
    let folder = try TemporaryFolder()
    try writeAtomically("x", to: folder.path + "/file")
    let path = folder.path + "/file/below"
    let error = #expect(throws: FileError.self) { try makeFolder(path) }
    #expect(error == FileError(path, "cannot make the folder: Not a directory"))
  }
}
