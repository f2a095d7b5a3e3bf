// swift-tools-version: 6.2
import PackageDescription

/// What generated code is compiled with: protobuf's uses unsafe constructs without saying so.
let generatedSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// What every other Swift target is compiled with.
let settings = generatedSettings + [.strictMemorySafety()]

let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

// The targets stand in the order of the README's diagram; imports go one way, from the mains to the core.
let package = Package(
  name: "heddle",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
  ],
  targets: [
    // The core: pure values.
    .target(name: "HeddleModel", dependencies: [collections], swiftSettings: settings),
    .testTarget(name: "HeddleModelTests", dependencies: ["HeddleModel"], swiftSettings: settings),

    // The wire: generated messages, and the frames and plain values that everybody else sees.
    .target(name: "HeddleMessages", dependencies: [protobuf], swiftSettings: generatedSettings),
    .target(name: "HeddleWire", dependencies: ["HeddleModel", "HeddleMessages", protobuf], swiftSettings: settings),
    .testTarget(
      name: "HeddleWireTests",
      dependencies: ["HeddleModel", "HeddleWire", "HeddleMessages", protobuf],
      swiftSettings: settings),
  ],
  cLanguageStandard: .gnu11
)
