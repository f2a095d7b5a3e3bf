import heddle_replay

/// Makes a sequence of operations that shows a difference shorter and simpler, as long as it still shows one.
struct Shrinking {
  let fuzz: Fuzz

  /// A sequence from which no single operation can be dropped; the difference shows at its last.
  func shrink(_ operations: [Operation]) async -> [Operation] {
    var best = operations
    var chunk = max(1, best.count / 2)
    while true {
      let before = best.count
      best = await dropping(chunk, from: best)
      if chunk == 1, best.count == before { break }
      chunk = max(1, chunk / 2)
    }
    return await simplifying(best)
  }

  /// Drops every run of `chunk` operations that the difference does not need, from the end to the start.
  private func dropping(_ chunk: Int, from operations: [Operation]) async -> [Operation] {
    var best = operations
    var end = best.count
    while end > 0 {
      let start = max(0, end - chunk)
      if let shorter = await stillDiffers(Array(best[..<start] + best[end...])) { best = shorter }
      end = min(start, best.count)
    }
    return best
  }

  /// Drops the branches, and then the nacks, that the difference does not need.
  private func simplifying(_ operations: [Operation]) async -> [Operation] {
    var best = operations
    for index in operations.indices where index < best.count {
      while let simpler = await simplerOnce(best, at: index) { best = simpler }
    }
    return best
  }

  private func simplerOnce(_ operations: [Operation], at index: Int) async -> [Operation]? {
    for simpler in operations[index].simplerForms {
      var changed = operations
      changed[index] = simpler
      if let found = await stillDiffers(changed), found.count > index { return found }
    }
    return nil
  }

  private func stillDiffers(_ operations: [Operation]) async -> [Operation]? {
    await fuzz.differingPrefix(of: operations)?.map(\.operation)
  }
}

extension Operation {
  /// The same with one branch or one nack less.
  fileprivate var simplerForms: [Operation] {
    guard case .command(let thread, .sync(let branches, let enablingBreaks)) = self else { return [] }
    var forms: [[Branch]] = []
    for index in branches.indices where branches.count > 1 {
      forms.append(Array(branches[..<index] + branches[(index + 1)...]))
    }
    for index in branches.indices where branches[index].nack != nil {
      var form = branches
      form[index].nack = nil
      forms.append(form)
    }
    return forms.map { .command(thread, .sync($0, enablingBreaks: enablingBreaks)) }
  }
}
