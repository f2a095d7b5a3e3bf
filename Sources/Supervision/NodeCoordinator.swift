internal import Cluster
internal import HeddleModel
internal import HeddleWire

// The way to the cluster's registrar, and its own work where it is this node.

extension Node {
  /// Asks the registrar. Without a way to it, the member hears that soon, and asks again.
  mutating func ask(_ request: CoordinatorRequest, _ id: CoordinatorRequestID, effects: inout Effects) {
    guard membership?.office == nil else {
      return registrarAsked(request, id, by: RegistrarOffice.thisNode, effects: &effects)
    }
    guard let link = membership?.registrarLink else { return }
    effects.append(.send(link, .coordinator(.coordinatorRequest, id.rawValue, request.encoded())))
  }

  /// One input of the registrar's, and all that follows from it. Nothing on other nodes.
  mutating func decideAsRegistrar(
    effects: inout Effects,
    _ input: (inout Registrar, inout [RegistrarEffect]) -> Void
  ) {
    var deeds: [RegistrarOffice.Deed] = []
    membership?.office?.decide(deeds: &deeds, input)
    membership?.noteDeadline()
    perform(deeds, effects: &effects)
  }

  private mutating func registrarAsked(
    _ request: CoordinatorRequest,
    _ id: CoordinatorRequestID,
    by client: RegistrarClientID,
    effects: inout Effects
  ) {
    guard let clock = membership?.clock else { return }
    decideAsRegistrar(effects: &effects) { $0.handle(request, id, from: client, now: clock, effects: &$1) }
  }

  mutating func perform(_ deeds: [RegistrarOffice.Deed], effects: inout Effects) {
    for deed in deeds {
      switch deed {
      case .append(let record): effects.append(.journal(record))
      case .replace(let snapshot): effects.append(.replaceJournal(snapshot))
      case .answer(RegistrarOffice.thisNode, let id, let answer):
        decide(effects: &effects) { $0.answered(id, answer, now: $1, effects: &$2) }
      case .tell(RegistrarOffice.thisNode, let id, let told):
        decide(effects: &effects) { $0.told(id, told.standing, told.news, now: $1, effects: &$2) }
      case .answer(let client, let id, let answer):
        send(.coordinatorAnswer, id, answer.encoded(), to: client, effects: &effects)
      case .tell(let client, let id, let told):
        send(.coordinatorNews, id, told.encoded(), to: client, effects: &effects)
      }
    }
  }

  private func send(
    _ kind: FrameKind,
    _ id: CoordinatorRequestID,
    _ body: [UInt8],
    to client: RegistrarClientID,
    effects: inout Effects
  ) {
    let link = ConnectionID(rawValue: client.rawValue)
    guard cluster?.links[link] != nil else { return }
    effects.append(.send(link, .coordinator(kind, id.rawValue, body)))
  }

  // MARK: - Frames of links

  /// A request to the registrar, or what it says, has come over an open link.
  mutating func coordinatorFrameCame(
    _ frame: Frame,
    on link: ConnectionID,
    effects: inout Effects
  ) throws(LinkFault) {
    let id = CoordinatorRequestID(rawValue: frame.header.id)
    if frame.header.kind == .coordinatorRequest, membership?.office == nil {
      throw LinkFault(description: "it takes this node for the registrar, which is another one here")
    }
    do throws(WireDecodingError) {
      switch frame.header.kind {
      case .coordinatorRequest:
        let request = try CoordinatorRequest(decoding: frame.body)
        registrarAsked(request, id, by: RegistrarClientID(rawValue: link.rawValue), effects: &effects)
      // Of a link that was the registrar's once.
      case _ where membership?.registrarLink != link: break
      case .coordinatorAnswer:
        let answer = try CoordinatorAnswer(decoding: frame.body)
        decide(effects: &effects) { $0.answered(id, answer, now: $1, effects: &$2) }
      default:
        let told = try CoordinatorTold(decoding: frame.body)
        decide(effects: &effects) { $0.told(id, told.standing, told.news, now: $1, effects: &$2) }
      }
    } catch {
      throw LinkFault(description: "\(error)")
    }
  }

  /// There is a link to a node, which said this of itself.
  mutating func memberLinked(_ id: ConnectionID, _ hello: LinkHello, effects: inout Effects) {
    let epoch = hello.epoch == 0 ? nil : Epoch(rawValue: hello.epoch)
    let greeting = NodeGreeting(incarnation: Incarnation(rawValue: hello.incarnation), epoch: epoch)
    let node = NodeName(hello.node)
    decide(effects: &effects) { member, _, orders in member.linkUp(node, greeting, effects: &orders) }
    noteReception(of: node)
    // What is asked of it from now on may be answered by the end of this stay.
    if let epoch, let slot = cluster?.links[id]?.slot { cluster?.stays[slot] = epoch.rawValue }
    guard hello.node == cluster?.configuration.registrar else { return }
    membership?.registrarLink = id
    decide(effects: &effects) { $0.coordinatorFound(now: $1, effects: &$2) }
  }

  /// A link is no more.
  mutating func memberUnlinked(_ id: ConnectionID, _ node: EntityName, effects: inout Effects) {
    decideAsRegistrar(effects: &effects) { registrar, _ in
      registrar.clientLeft(RegistrarClientID(rawValue: id.rawValue))
    }
    decide(effects: &effects) { member, _, orders in member.linkDown(NodeName(node), effects: &orders) }
    guard membership?.registrarLink == id else { return }
    membership?.registrarLink = nil
    decide(effects: &effects) { $0.coordinatorLost(now: $1, effects: &$2) }
  }
}
