// swift-tools-version: 6.2
import PackageDescription

/// What generated code is compiled with.
let generatedSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// The sanitizer that `scripts/test` tests with, if any: "thread".
let sanitizer = Context.environment["HEDDLE_SANITIZE"]

/// What every other Swift target is compiled with.
let settings =
  generatedSettings + [.strictMemorySafety()]
  + (sanitizer == "thread" ? [.define("HEDDLE_SANITIZE_THREAD")] : [])

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

// The targets stand in the order of the README's diagram; imports go one way, from the mains to the core.
let package = Package(
  name: "heddle",
  products: [
    .library(name: "HeddleThreads", targets: ["HeddleThreads"]),
    .library(name: "HeddleServer", targets: ["HeddleServer"]),
    .library(name: "HeddleClient", targets: ["HeddleClient"]),
    .executable(name: "heddle", targets: ["heddle"]),
    .executable(name: "heddle-keeper", targets: ["HeddleKeeper"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    // The core: pure values.
    .target(name: "HeddleModel", dependencies: [collections], swiftSettings: settings),
    .target(name: "HeddleMessages", dependencies: [protobuf], swiftSettings: generatedSettings),
    .target(name: "HeddleWire", dependencies: ["HeddleModel", "HeddleMessages", protobuf], swiftSettings: settings),
    .target(
      name: "Supervision",
      dependencies: ["HeddleModel", "HeddleWire", "Cluster", collections],
      swiftSettings: settings
    ),

    // Many machines: the coordinator, leases, and a node's part in a cluster; and what every coordinator has to do.
    .target(
      name: "Cluster",
      dependencies: ["HeddleModel", "HeddleMessages", "HeddleWire", collections, protobuf],
      swiftSettings: settings
    ),
    .target(name: "CoordinatorConformance", dependencies: ["Cluster"], swiftSettings: settings),

    // A whole cluster from one seed: nodes, clocks, disks, a network and their faults.
    .target(name: "Simulation", dependencies: ["HeddleModel", "Cluster", collections], swiftSettings: settings),

    // Threads inside one process. No C underneath, so it builds where libuv is absent. Its async functions stay on their
    // caller's executor, which is the thread's gate: leaving it and coming back costs more than what most of them do.
    .target(
      name: "HeddleThreads",
      dependencies: ["HeddleModel", collections],
      swiftSettings: settings + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]
    ),

    // Examples: programs that use HeddleThreads alone.
    .executableTarget(
      name: "example-bounded-buffer",
      dependencies: ["HeddleThreads"],
      path: "Sources/Examples/BoundedBuffer",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "example-supervisor",
      dependencies: ["HeddleThreads"],
      path: "Sources/Examples/Supervisor",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "example-budgeted-search",
      dependencies: ["HeddleThreads"],
      path: "Sources/Examples/BudgetedSearch",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "example-pipeline",
      dependencies: ["HeddleThreads"],
      path: "Sources/Examples/Pipeline",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "example-race",
      dependencies: ["HeddleThreads"],
      path: "Sources/Examples/Race",
      swiftSettings: settings
    ),

    // The door to the operating system: libuv, and the only room that imports it.
    .systemLibrary(name: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
    .target(name: "HeddleLoop", dependencies: ["CLibuv"], swiftSettings: settings),

    // Byte streams and servers for threads inside one process. Its async functions stay on their caller's executor, as
    // those of HeddleThreads do.
    .target(
      name: "HeddleServer",
      dependencies: ["HeddleLoop", "HeddleThreads"],
      swiftSettings: settings + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]
    ),

    .executableTarget(
      name: "example-chat",
      dependencies: ["HeddleServer", "HeddleThreads"],
      path: "Sources/Examples/Chat",
      swiftSettings: settings
    ),

    // What two supervisors that share a secret prove to each other.
    .target(name: "LinkSecret", dependencies: [crypto], swiftSettings: settings),

    // A supervisor, as its clients know it.
    .target(
      name: "HeddleClient",
      dependencies: ["HeddleModel", "HeddleWire", "HeddleLoop", "HeddleThreads", collections],
      swiftSettings: settings
    ),

    // Examples: workers, and programs that use a supervisor.
    .executableTarget(
      name: "example-word-count",
      dependencies: ["HeddleClient"],
      path: "Sources/Examples/WordCount",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "example-primes",
      dependencies: ["HeddleClient", "HeddleThreads"],
      path: "Sources/Examples/Primes",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "example-slices",
      dependencies: ["HeddleClient", "HeddleThreads"],
      path: "Sources/Examples/Slices",
      swiftSettings: settings
    ),
    .executableTarget(name: "example-busy", path: "Sources/Examples/Busy"),
    // As the keeper: without the Swift runtime it starts in a moment.
    .executableTarget(
      name: "example-echo",
      path: "Sources/Examples/Echo",
      linkerSettings: [.unsafeFlags(["-static-executable", "-nostartfiles"], .when(platforms: [.linux]))]
    ),

    // The fork server and the wardens of process trees, in C: one static file without the Swift runtime, since each
    // warden is a copy of it. SwiftPM links C by way of swiftc, and only these flags keep the runtime out.
    .executableTarget(
      name: "HeddleKeeper",
      cSettings: [.define("_GNU_SOURCE")],
      linkerSettings: [.unsafeFlags(["-static-executable", "-nostartfiles"], .when(platforms: [.linux]))]
    ),

    // The supervisor: Supervision's value, driven by the loop.
    .target(
      name: "Daemon",
      dependencies: ["HeddleModel", "HeddleWire", "Supervision", "Cluster", "HeddleLoop", "LinkSecret", collections],
      swiftSettings: settings
    ),

    // Mains.
    .executableTarget(
      name: "heddle",
      dependencies: [
        "HeddleModel", "HeddleWire", "HeddleLoop", "HeddleThreads", "HeddleClient", "Daemon", arguments, yams,
      ],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "heddle-bench",
      dependencies: [
        "HeddleModel", "HeddleWire", "Supervision", "HeddleThreads", "HeddleLoop", "HeddleServer", "HeddleClient",
        arguments,
      ],
      swiftSettings: settings
    ),
    .executableTarget(name: "heddle-simulate", dependencies: ["Simulation", arguments], swiftSettings: settings),
    .executableTarget(
      name: "heddle-replay",
      dependencies: [
        "HeddleModel", "HeddleThreads", "HeddleWire", "HeddleLoop", "HeddleClient", arguments, collections,
      ],
      swiftSettings: settings
    ),

    // What tests start programs with.
    .target(name: "TestSpawn", path: "Tests/TestSpawn", cSettings: [.define("_GNU_SOURCE")]),
    .target(name: "TestPrograms", dependencies: ["TestSpawn"], path: "Tests/TestPrograms", swiftSettings: settings),

    // A test target per room. HeddleKeeperTests drive the built heddle-keeper.
    .testTarget(
      name: "HeddleModelTests",
      dependencies: ["HeddleModel", "heddle-replay"],
      exclude: ["Checklist.md", "Scripts"],
      resources: [.copy("Resources/traces")],
      swiftSettings: settings
    ),
    .testTarget(
      name: "HeddleThreadsTests",
      dependencies: ["HeddleModel", "HeddleThreads"],
      exclude: ["Checklist.md"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "HeddleServerTests",
      dependencies: ["HeddleServer", "HeddleThreads", "TestPrograms"],
      exclude: ["Checklist.md"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "HeddleWireTests",
      dependencies: ["HeddleModel", "HeddleWire", "HeddleMessages", protobuf],
      swiftSettings: settings
    ),
    .testTarget(
      name: "SupervisionTests",
      dependencies: ["HeddleModel", "HeddleWire", "Supervision"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "ClusterCoreTests",
      dependencies: ["HeddleModel", "HeddleWire", "Cluster", "CoordinatorConformance"],
      swiftSettings: settings
    ),
    .testTarget(name: "SimulationTests", dependencies: ["Simulation"], swiftSettings: settings),
    .testTarget(
      name: "HeddleClientTests",
      dependencies: ["HeddleClient", "HeddleLoop", "HeddleModel", "HeddleWire"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "DaemonTests",
      dependencies: ["Daemon", "Cluster", "HeddleClient", "HeddleLoop", "HeddleModel", "HeddleThreads", "HeddleWire"],
      exclude: ["Checklist.md"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "HeddleCommandTests",
      dependencies: ["heddle", "HeddleClient", "HeddleLoop", "HeddleModel", "HeddleThreads", "HeddleWire"],
      swiftSettings: settings
    ),
    .testTarget(name: "HeddleLoopTests", dependencies: ["HeddleLoop"], swiftSettings: settings),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["HeddleClient", "HeddleLoop", "HeddleModel", "HeddleWire", "TestPrograms"],
      exclude: ["Traces"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "ClusterTests",
      dependencies: ["HeddleModel", "HeddleWire", "TestPrograms", "heddle"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "HeddleBenchTests",
      dependencies: ["heddle-bench", "HeddleClient", "HeddleModel", "HeddleWire"],
      swiftSettings: settings
    ),
    .testTarget(name: "ExamplesTests", dependencies: ["HeddleThreads", "TestPrograms"], swiftSettings: settings),
    .testTarget(
      name: "HeddleKeeperTests",
      dependencies: ["HeddleModel", "HeddleWire", "Supervision"],
      swiftSettings: settings
    ),
    .executableTarget(name: "heddle-test-forking", path: "Tests/ForkingProgram", cSettings: [.define("_GNU_SOURCE")]),
    .executableTarget(name: "heddle-test-tree", path: "Tests/TreeProgram", cSettings: [.define("_GNU_SOURCE")]),
    .executableTarget(
      name: "heddle-test-agent",
      dependencies: ["HeddleClient", "HeddleThreads"],
      path: "Tests/AgentProgram",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "heddle-test-worker",
      dependencies: ["HeddleModel", "HeddleWire"],
      path: "Tests/WorkerProgram",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "heddle-test-server",
      dependencies: ["HeddleServer", "HeddleThreads"],
      path: "Tests/ServerProgram",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "heddle-test-vforking",
      path: "Tests/VforkingProgram",
      cSettings: [.define("_GNU_SOURCE")],
      linkerSettings: [.linkedLibrary("pthread")]
    ),
  ],
  cLanguageStandard: .gnu11
)

if sanitizer != nil {
  // The keeper has neither a dynamic linker nor a start of its own, and so no place for a sanitizer; what stays is what
  // has threads of its own making.
  let sanitized = [
    "HeddleModel", "HeddleMessages", "HeddleWire", "HeddleThreads", "CLibuv", "HeddleLoop", "HeddleClient",
    "heddle-replay", "HeddleModelTests", "HeddleThreadsTests",
  ]
  package.targets.removeAll { !sanitized.contains($0.name) }
  package.products.removeAll { $0.name != "HeddleThreads" }
}

// What `scripts/fuzz --frames` builds, apart: the rooms that read frames, instrumented by these sanitizers, of which
// "fuzzer" is one, and the fuzzer that drives them.
if let sanitizers = Context.environment["HEDDLE_FUZZ"] {
  let fuzzed = ["HeddleModel", "HeddleMessages", "HeddleWire"]
  package.targets.removeAll { !fuzzed.contains($0.name) }
  package.products.removeAll()
  package.targets.append(
    .executableTarget(
      name: "heddle-fuzz-frames",
      dependencies: ["HeddleModel", "HeddleWire"],
      path: "Tests/FrameFuzzer",
      exclude: ["Corpus.tar.gz"],
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=\(sanitizers)"])]
    )
  )
  let instrumented = SwiftSetting.unsafeFlags(["-sanitize=\(sanitizers)"])
  for target in package.targets { target.swiftSettings = (target.swiftSettings ?? []) + [instrumented] }
}
