internal import Synchronization

/// Draws lots, so that no event is favoured. The system's generator would ask the kernel each time.
enum Lots {
  private static let state = Atomic<UInt64>(.random(in: .min ... .max))

  /// A number from 0 to `count - 1`, each as likely as any other. SplitMix64 (Steele, Lea and Flood, 2014).
  static func draw(of count: Int) -> Int {
    var lot = state.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
    lot = (lot ^ (lot &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    lot = (lot ^ (lot &>> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((lot ^ (lot &>> 31)).multipliedFullWidth(by: UInt64(count)).high)
  }
}
