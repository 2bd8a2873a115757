/// The thresholds that decide how the CPU's work is split and which algorithm computes it; those of the C kernels are
/// in CKernels/templates/tuning.h.
///
/// All depend on sizes alone, never on the number of threads, so that results do not either. Measurements are
/// on one or two cores with AVX2 or AVX-512; "not measured" marks an estimate.
enum Tuning {
  // MARK: Work for a thread

  /// Elements of a loop or reduction for each chunk (not measured).
  static let grain = 1 << 15
  /// Elements from which a dense element-wise loop is split (not measured).
  static let parallelCount = 2 * grain
  /// Outputs below which a sum is split along the reduced axis as well (not measured).
  static let fewSums = grain / 8
  /// Multiplications for each chunk of a vector times a matrix, which reads each weight once (not measured).
  static let vectorProductGrain = 1 << 17
  /// Multiplications for each chunk of a batch of small products (not measured).
  static let batchedProductGrain = 1 << 18
  /// Elements that are squared, or random words that are drawn, at a time: a part of L1 (not measured).
  static let (squaresPerPart, wordsPerPart) = (2048, 4096)

  /// Looks at the region's state before a worker sleeps or a caller yields: some tens of microseconds, the time that
  /// waking a processor takes (40 to 55).
  static let spinCount = 4000
  /// Entries of a row up to which the first ones are picked by insertion; where more are wanted, all are sorted (not
  /// measured).
  static let fewEntries = 32

  // MARK: Matrix products

  /// The most depth of one packed block: a right panel of it (320 x 48 floats, 61 KB) stays in L2.
  static let depthBlock = 320
  /// Rows and columns of a tile of a large product: its left block (96 x 320 floats, 123 KB) stays in L2.
  static let (tileRows, tileColumns) = (96, 256)
  /// Bytes of right panels of several blocks of depth through which a tile goes at a time: 4096 x 784 x 256 takes 0.94
  /// of the time.
  static let depthGroupBytes = 1 << 22
  /// Tiles that a large product is split into at least, so that threads get equal shares (not measured).
  static let leastTiles = 8
  /// Rows of the left operand up to which contiguous rows of the right one are not packed: at 128 x 128 x 128
  /// on two threads 20.4 µs instead of 26.1.
  static let rowsWithoutPackingRight = 256
  /// Columns from which a left operand with scattered rows is packed (not measured).
  static let columnsWithoutPackingLeft = 128

  /// The number of chunks of a product with so many multiplications where every chunk packs its own panels;
  /// nil where both operands are packed once, for all threads.
  static func chunksWithOwnPanels(multiplications: Int) -> Int? {
    switch multiplications {
    case ..<(1 << 20): 1
    case ..<(1 << 23): 2
    case ..<(1 << 25): 4
    default: nil
    }
  }

  /// The fewest and the most rows of a batch that a thread takes through a recurrent layer's steps at a time; their sums
  /// stay in L2 (not measured).
  static let recurrentRows = (8, 64)

  // MARK: Convolutions

  /// Input channels up to which the batch-interleaved kernels are expected to beat im2col (packing an element
  /// costs as much as multiplying it by 13 output channels).
  static let interleavedChannels = 32
  /// Elements of the input rows that one output row needs, and of the weights, up to which they stay in L2;
  /// the former in vectors (not measured).
  static let (interleavedRow, interleavedWeights) = (1 << 13, 1 << 15)
  /// Vectors of input and output that are held for a band of rows: 256 or 512 KB, a part of L2 (not measured).
  static let interleavedBand = 1 << 13
  /// Columns of a tile of im2col (not measured).
  static let patchColumns = 512
  /// Elements that the patches of one panel see of a channel, up to which images share panels: a part of L1 (not
  /// measured).
  static let sharedPanelElements = 1 << 12
  /// Images share panels where an image's last panel would be padded by more than one in this many of its
  /// pixels (not measured).
  static let panelWaste = 16
  /// Bytes of partial sums of weight gradients, and chunks that these make for threads (not measured).
  static let (weightSumBytes, weightSumChunks) = (1 << 23, 16)
  /// Columns that small images of a col2im product make together, and elements of its result: 128 KB, a part of L2
  /// (not measured).
  static let (col2imColumns, col2imProducts) = (64, 1 << 15)
}
