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
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
  ],
  targets: [
    // The core: pure values.
    .target(name: "HeddleModel", dependencies: [collections], swiftSettings: settings),

    // The door to the operating system: libuv, and the only room that imports it.
    .systemLibrary(name: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
    .target(name: "HeddleLoop", dependencies: ["CLibuv"], swiftSettings: settings),

    // A test target per room.
    .testTarget(name: "HeddleLoopTests", dependencies: ["HeddleLoop"], swiftSettings: settings),
  ],
  cLanguageStandard: .gnu11
)
