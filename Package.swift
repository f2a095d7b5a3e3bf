// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is compiled with.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")

// The targets stand in the order of the README's diagram; imports go one way, from the mains to the core.
let package = Package(
  name: "heddle",
  products: [
    .executable(name: "heddle-keeper", targets: ["HeddleKeeper"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
  ],
  targets: [
    // The core: pure values.
    .target(name: "HeddleModel", dependencies: [collections], swiftSettings: settings),
    .target(name: "Supervision", dependencies: ["HeddleModel"], swiftSettings: settings),

    // The fork server and the wardens of process trees, in C: one static file without the Swift runtime, since each
    // warden is a copy of it. SwiftPM links C by way of swiftc, and only these flags keep the runtime out.
    .executableTarget(
      name: "HeddleKeeper",
      cSettings: [.define("_GNU_SOURCE")],
      linkerSettings: [.unsafeFlags(["-static-executable", "-nostartfiles"], .when(platforms: [.linux]))]
    ),

    // The tests of the rooms. HeddleKeeperTests drive the built heddle-keeper.
    .testTarget(name: "SupervisionTests", dependencies: ["Supervision"], swiftSettings: settings),
    .testTarget(name: "HeddleKeeperTests", dependencies: ["Supervision"], swiftSettings: settings),
  ],
  cLanguageStandard: .gnu11
)
