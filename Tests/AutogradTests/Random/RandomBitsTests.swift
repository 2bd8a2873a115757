import CKernels
import Testing

@testable import Autograd

/// The bits that a seed gives are part of what "one seed reproduces a run" means; they must not change.
@Suite struct RandomBitsTests {
  /// FNV-1a of the elements' bits, element by element.
  private func hash(_ x: Tensor, from start: UInt64 = 0xcbf2_9ce4_8422_2325) -> UInt64 {
    let bits: [UInt64] =
      switch x.dtype {
      case .float64: x.scalars(as: Double.self).map(\.bitPattern)
      case .float32, .float16, .bfloat16: x.scalars().map { UInt64($0.bitPattern) }
      default: x.scalars(as: Int64.self).map { UInt64(bitPattern: $0) }
      }
    return bits.reduce(start) { ($0 ^ $1) &* 0x100_0000_01b3 }
  }

  /// Of three numbers, then `count` more, then the next 64 bits of the stream.
  private func hash(
    _ count: Int, _ seed: UInt64, _ draw: (inout RandomStream, Int) -> Tensor
  ) -> UInt64 {
    var stream = RandomStream(seed: seed, stream: 5)
    let drawn = [draw(&stream, 3), draw(&stream, count)]
    return drawn.reduce(stream.next()) { ($0 ^ hash($1)) &* 0x100_0000_01b3 }
  }

  @Test(
    arguments: [
      (.float32, 0, 14_574_436_103_646_366_990, 443_374_874_092_706_407),
      (.float32, 1, 3_760_107_404_411_254_888, 17_259_464_068_212_570_857),
      (.float32, 1_001, 5_089_029_496_960_452_770, 9_210_098_311_943_667_099),
      (.float32, 70_001, 3_777_607_993_234_632_865, 15_620_800_275_781_854_964),
      (.float64, 0, 15_631_341_358_161_911_634, 3_702_079_769_358_591_102),
      (.float64, 1, 10_398_524_080_562_547_987, 15_117_642_735_043_977_769),
      (.float64, 1_001, 4_188_380_554_720_649_867, 11_021_885_709_668_546_156),
      (.float64, 70_001, 6_523_588_797_763_973_347, 18_370_626_927_078_478_469),
      (.float16, 0, 15_075_418_484_173_381_458, 9_893_924_408_428_888_194),
      (.float16, 1, 811_650_210_549_181_715, 8_631_188_331_007_744_899),
      (.float16, 1_001, 6_025_476_424_351_998_603, 11_249_853_259_584_755_618),
      (.float16, 70_001, 9_509_198_568_182_870_243, 7_772_868_137_941_069_855),
      (.bfloat16, 0, 1_146_654_871_488_028_498, 2_387_493_234_488_467_586),
      (.bfloat16, 1, 1_072_961_240_752_106_771, 6_553_528_428_253_035_395),
      (.bfloat16, 1_001, 12_971_237_440_193_045_131, 2_202_587_154_431_088_546),
      (.bfloat16, 70_001, 12_935_790_354_683_752_675, 14_561_283_321_437_958_175),
    ] as [(DType, Int, UInt64, UInt64)])
  func uniform(_ dtype: DType, _ count: Int, _ unit: UInt64, _ wide: UInt64) {
    #expect(hash(count, 1) { $0.uniform([$1], dtype: dtype) } == unit)
    #expect(hash(count, 2) { $0.uniform([$1], low: -3, high: 0.1, dtype: dtype) } == wide)
  }

  // Where the C library is another one, its logarithm may differ in the last bit.
  #if canImport(Glibc)
    @Test(
      arguments: [
        (.float32, 0, 7_520_873_206_952_055_922, 1_165_366_633_599_243_800),
        (.float32, 1, 58_758_078_018_663_790, 6_148_782_830_785_470_459),
        (.float32, 1_001, 8_510_831_507_392_012_822, 6_690_015_065_355_617_179),
        (.float32, 70_001, 4_890_212_488_954_556_066, 17_308_636_060_705_072_021),
        (.float64, 0, 3_783_916_793_886_488_770, 8_715_538_039_841_965_161),
        (.float64, 1, 16_088_618_666_072_817_802, 5_645_259_283_440_988_388),
        (.float64, 1_001, 11_405_753_487_775_230_240, 7_907_482_791_492_552_114),
        (.float64, 70_001, 3_863_505_440_695_794_131, 2_393_459_673_057_360_688),
        (.float16, 0, 3_090_187_573_175_816_036, 9_176_602_584_566_697_253),
        (.float16, 1, 979_279_977_410_895_411, 8_436_934_220_738_345_163),
        (.float16, 1_001, 3_038_785_694_457_162_887, 16_868_972_057_295_181_463),
        (.float16, 70_001, 10_166_474_470_712_508_136, 16_869_794_169_774_586_302),
        (.bfloat16, 0, 2_586_884_757_891_280_740, 10_327_430_764_050_296_101),
        (.bfloat16, 1, 9_981_237_146_898_103_859, 14_651_195_149_950_752_971),
        (.bfloat16, 1_001, 2_252_722_416_831_827_079, 3_624_504_542_149_138_071),
        (.bfloat16, 70_001, 4_198_313_797_055_061_736, 37_805_091_604_855_230),
      ] as [(DType, Int, UInt64, UInt64)])
    func normal(_ dtype: DType, _ count: Int, _ standard: UInt64, _ narrow: UInt64) {
      #expect(hash(count, 3) { $0.normal([$1], dtype: dtype) } == standard)
      #expect(
        hash(count, 4) { $0.normal([$1], mean: -1.5, standardDeviation: 0.02, dtype: dtype) }
          == narrow)
    }
  #endif

  @Test(
    arguments: [
      (0, 7_968_158_561_077_627_505, 8_988_871_042_617_661_984),
      (1, 1_982_591_719_937_105_459, 16_731_243_040_764_664_807),
      (1_001, 10_704_584_880_628_901_380, 12_005_280_250_815_356_601),
      (70_001, 18_010_791_208_437_587_145, 743_900_194_227_171_557),
    ] as [(Int, UInt64, UInt64)])
  func integers(_ count: Int, _ few: UInt64, _ all: UInt64) {
    for dtype in [DType.int64, .int32, .uint8] {
      #expect(hash(count, 6) { $0.integers([$1], in: 3..<200, dtype: dtype) } == few)
    }
    #expect(hash(count, 7) { $0.integers([$1], in: Int.min..<Int.max) } == all)
  }

  @Test(
    arguments: [
      (
        0, 9_198_954_264_534_969_649, 9_538_299_135_446_410_176, 618_218_955_762_385_919,
        3_376_214_619_072_596_315
      ),
      (
        1, 1_461_961_204_604_298_708, 16_719_886_335_005_679_927, 17_317_236_304_372_701_881,
        5_338_251_041_912_276_185
      ),
      (
        1_001, 14_367_079_310_053_697_359, 13_173_012_052_373_289_036, 2_739_209_531_850_243_676,
        10_234_829_887_141_572_586
      ),
      (
        70_001, 11_281_161_915_975_179_917, 983_435_853_797_005_020, 15_926_350_385_968_411_865,
        14_763_835_074_002_971_508
      ),
    ] as [(Int, UInt64, UInt64, UInt64, UInt64)])
  func truthValuesAndOrders(
    _ count: Int, _ one: UInt64, _ each: UInt64, _ expanded: UInt64, _ order: UInt64
  ) {
    #expect(hash(count, 8) { $0.bernoulli([$1], probability: 0.3) } == one)
    #expect(hash(count, 9) { $0.bernoulli($0.uniform([$1])) } == each)
    #expect(
      hash(count, 9) { $0.bernoulli($0.uniform([1, $1], dtype: .float64).expand([2, $1])) }
        == expanded)
    #expect(hash(count, 10) { Tensor(scalars: $0.permutation($1)) } == order)
  }

  /// What leaves open how a number is rounded is decided by the plain function, on every processor.
  @Test(arguments: KernelSet.all)
  func fastNormalNumbersAreThePlainOnes(_ set: KernelSet) {
    let kernels = set.kernels
    for (first, pairs) in [(0, 1 << 18), (3, 1), (5, 63), (1, 200)] {
      var words = [UInt32](repeating: 0, count: 2 * pairs)
      kernels.randomWords(9, 1, UInt64(first), words.count, &words)
      for (mean, deviation) in [(0.0, 1.0), (-3.0, 0.01), (1e39, 1), (0, .infinity)] {
        var (plain, fast) = (
          [Float](repeating: 0, count: 2 * pairs), [Float](repeating: 0, count: 2 * pairs)
        )
        CKNormalPairs(pairs, words, mean, deviation, &plain)
        kernels.normalPairs(pairs, words, mean, deviation, &fast)
        #expect(plain.map(\.bitPattern) == fast.map(\.bitPattern))
      }
    }
  }
}
