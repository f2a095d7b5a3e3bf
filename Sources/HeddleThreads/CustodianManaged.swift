internal import HeddleModel

/// What a custodian closes when it is shut down: a stream, a listener, a connection. Racket: a custodian-managed value.
///
/// The custodian holds it weakly: what is dropped closes itself, and need not release itself first.
public protocol CustodianManaged: AnyObject, Sendable {
  /// Closes it: the custodian that managed it is shut down. Called once, on the thread that shuts it down, which waits for
  /// it meanwhile; those of one custodian come in the order of their registration. It must not wait for others.
  func custodianShutDown()
}

extension Custodian {
  /// Has `resource` closed when the custodian is shut down. A second registration takes the place of the first.
  ///
  /// - Throws: `ThreadError` with `custodianShutDown`; `resource` is not closed then.
  public func manage(_ resource: some CustodianManaged) async throws {
    let closing = Closings.Closing(of: resource)
    // The one before it is freed here, outside of the lock.
    _ = try await world.act { (state, _) throws(Refusal) in
      try state.kernel.custodians.requireOpen(id)
      return state.closings.add(closing, as: .resource(ObjectIdentifier(resource)), to: id)
    }
  }

  /// As `manage(_:)`, without a safe point: for what was taken a moment ago, and must not be lost between.
  package func manageAtOnce(_ resource: some CustodianManaged) throws {
    let closing = Closings.Closing(of: resource)
    do throws(Refusal) {
      _ = try world.step { (state, _) throws(Refusal) in
        try state.kernel.custodians.requireOpen(id)
        return state.closings.add(closing, as: .resource(ObjectIdentifier(resource)), to: id)
      }
    } catch { throw ThreadError(error) }
  }

  /// Manages `resource` no more: it was closed otherwise. No effect if it does not, or is shut down. May be called in the
  /// `deinit` of the resource.
  public func release(_ resource: some CustodianManaged) { forget(.resource(ObjectIdentifier(resource))) }

  /// Has `close` called, once, when the custodian is shut down: for what is no object of its own.
  ///
  /// `close` is called as `custodianShutDown()` is, and must not wait either.
  ///
  /// - Returns: what ends this; to be cancelled when there is nothing left to close.
  /// - Throws: `ThreadError` with `custodianShutDown`; `close` is not called then.
  public func onShutdown(_ close: @escaping @Sendable () -> Void) async throws -> Registration {
    let name = try await world.act { (state, _) throws(Refusal) in
      try state.kernel.custodians.requireOpen(id)
      return state.closings.add(Closings.Closing(close), to: id)
    }
    return Registration(custodian: self, name: name)
  }

  /// What is closed by a custodian's shutdown, until it is cancelled.
  public struct Registration: Hashable, Sendable {
    let custodian: Custodian
    let name: Closings.Name

    /// The custodian has nothing to close any more: it was closed otherwise. No effect after the shutdown.
    public func cancel() { custodian.forget(name) }
  }

  private func forget(_ name: Closings.Name) {
    // Carried out of the lock, and freed here.
    _ = try? world.step { (state, _) throws(Refusal) in state.closings.remove(name, from: id) }
  }
}
