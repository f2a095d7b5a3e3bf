internal import Cluster
internal import DequeModule
internal import HeddleModel

// MARK: - What goes wrong

extension Simulation {
  /// One fault, and the next one in a moment.
  mutating func strike() {
    guard now < settings.faultsUntil else { return }
    queue.add(.fault, at: now.plus(milliseconds: 500 + random.below(3_500)))
    let (a, b) = (Int(random.below(UInt64(nodes.count))), Int(random.below(UInt64(nodes.count))))
    let length = 200 + random.below(random.below(2) == 0 ? 2_500 : 9_500)
    switch random.below(44) {
    case 0...7: crash(a, for: max(600, length))
    case 8...16: stop(a, for: length)
    case 17...24 where a != b:
      cut(from: a, to: b, for: length)
      cut(from: b, to: a, for: length)
    case 25...30 where a != b: cut(from: a, to: b, for: length)
    case 31...34: isolate(a, for: length)
    case 35...37: storm(for: length)
    case 38...39 where a != b: slow(from: a, to: b, for: length)
    case 40...42 where a != Self.registrarNode:
      // Answers come late, then nothing comes.
      slow(from: Self.registrarNode, to: a, for: 6_000)
      queue.add(.isolate(a, milliseconds: 9_000), at: now.plus(milliseconds: 3_000 + random.below(3_000)))
    case 43 where random.below(4) == 0: loseDisk()
    default: break
    }
  }

  /// The daemon is gone at once, its threads a moment later; it starts again after so many milliseconds.
  mutating func crash(_ index: Int, for length: UInt64) {
    guard nodes[index].state != .down else { return }
    tell("\(nodes[index].name) crashes for \(length) ms")
    see(.observerEnded(observer(index)))
    nodes[index].state = .down
    for body in nodes[index].bodies { queue.add(.deed(index, body.thread, .kill), at: soon(150)) }
    forgetRun(of: index)
    if nodes[index].desk != nil {
      nodes[index].desk?.disk.crash(&random)
      nodes[index].desk?.registrar = nil
    }
    queue.add(.mend(.restart(index)), at: now.plus(milliseconds: length))
  }

  private mutating func forgetRun(of index: Int) {
    nodes[index].member = nil
    nodes[index].backlog = []
    nodes[index].wakeAt = nil
    nodes[index].errands = [:]
    nodes[index].announced = []
    nodes[index].remotes = []
    nodes[index].asked = [:]
    nodes[index].lateness = 0
    for peer in nodes.indices { (nodes[index].links[peer], nodes[index].held[peer]) = (nil, []) }
  }

  private mutating func stop(_ index: Int, for length: UInt64) {
    guard case .running = nodes[index].state else { return }
    tell("\(nodes[index].name) is stopped for \(length) ms")
    nodes[index].state = .stopped
    queue.add(.mend(.resume(index, run: nodes[index].run)), at: now.plus(milliseconds: length))
  }

  private mutating func cut(from: Int, to: Int, for length: UInt64) {
    tell("\(nodes[from].name) does not reach \(nodes[to].name) for \(length) ms")
    network.cut(from: from, to: to)
    queue.add(.mend(.uncut(from: from, to: to)), at: now.plus(milliseconds: length))
  }

  mutating func isolate(_ index: Int, for length: UInt64) {
    guard now < settings.faultsUntil else { return }
    for peer in nodes.indices where peer != index {
      cut(from: index, to: peer, for: length)
      cut(from: peer, to: index, for: length)
    }
  }

  private mutating func slow(from: Int, to: Int, for length: UInt64) {
    let delay = 500 + random.below(2_000)
    tell("from \(nodes[from].name) to \(nodes[to].name) all takes \(delay) ms longer, for \(length) ms")
    network.slow(from: from, to: to, milliseconds: delay)
    queue.add(.mend(.quicken(from: from, to: to)), at: now.plus(milliseconds: length))
  }

  private mutating func storm(for length: UInt64) {
    tell("the network is bad for \(length) ms")
    (network.lossPercent, network.doublePercent, network.latePercent) = (25, 15, 40)
    queue.add(.mend(.calm), at: now.plus(milliseconds: length))
  }

  private mutating func loseDisk() {
    let index = Self.registrarNode
    guard nodes[index].state != .down else { return }
    tell("\(nodes[index].name) loses its disk")
    crash(index, for: 1_000)
    nodes[index].desk?.disk.lose()
    nodes[index].desk?.isDiskLost = true
  }

  // MARK: - What goes right again

  mutating func mend(_ mending: Mending) {
    switch mending {
    case .resume(let index, let run):
      guard nodes[index].run == run, case .stopped = nodes[index].state else { return }
      resume(index)
    case .restart(let index):
      if case .down = nodes[index].state { start(index) }
    case .uncut(let from, let to): network.uncut(from: from, to: to)
    case .quicken(let from, let to): network.slow(from: from, to: to, milliseconds: 0)
    case .calm: (network.lossPercent, network.doublePercent, network.latePercent) = (1, 1, 3)
    case .all:
      tell("all faults are over")
      network.heal()
      for index in nodes.indices {
        switch nodes[index].state {
        case .down: start(index)
        case .stopped: resume(index)
        case .running: break
        }
      }
    }
  }

  private mutating func resume(_ index: Int) {
    tell("\(nodes[index].name) goes on")
    nodes[index].state = .running
    let waiting = nodes[index].backlog
    nodes[index].backlog = []
    for happening in waiting { handle(happening) }
  }

  // MARK: - The end

  mutating func lookAtEnd() {
    let registrar = nodes[Self.registrarNode].member?.view
    for index in nodes.indices {
      let node = nodes[index]
      let view = node.member?.view
      let others = nodes.indices.filter { $0 != index }
      var isRunning = false
      if case .running = node.state { isRunning = true }
      see(
        .atEnd(
          Ending(
            node: index,
            isRunning: isRunning,
            hasStay: node.member?.epoch != nil && node.member?.isFenced == false,
            isCurrent: view != nil && view == registrar && view?.revision == standing?.revision,
            admitsAll: others.allSatisfy { node.member?.admitted(nodes[$0].name) != nil },
            frozenThreads: node.bodies.filter(\.isFrozen).map(\.thread),
            survivors: node.bodies.filter { body in body.custodian.map { isClosed($0) } ?? false }.map(\.thread),
            deadNames: deadNames
          )
        )
      )
    }
  }

  private var standing: CoordinatorStanding? { nodes[Self.registrarNode].desk?.registrar?.standing }

  private func isClosed(_ id: SharedCustodianID) -> Bool {
    nodes[Self.registrarNode].member?.view.isClosed(id) ?? false
  }

  private var deadNames: [EntityName] {
    guard let view = nodes[Self.registrarNode].member?.view else { return [] }
    return view.names.filter { view.stay(of: $0.value.record.node, $0.value.record.epoch) != .live }.keys.sorted()
  }
}
