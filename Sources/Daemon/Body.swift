internal import HeddleLoop
internal import Supervision

/// The daemon's ends of one program's standard streams.
final class Body {
  private let input: ByteStream?
  private let outputs: [ByteStream]
  /// What each of them is.
  private let kinds: [ProgramOutput]
  /// For each output, what is still to be read before it is closed; empty while they are read without an end in sight.
  private var remaining: [Int] = []
  private var openOutputs: Int
  private let onOutput: (Span<UInt8>, ProgramOutput) -> Void
  /// Called once, when both outputs are closed and `drain` was asked for.
  private var onDrained: (() -> Void)?

  /// - Parameters:
  ///   - streams: standard input if it is a pipe, standard output unless that is a connection, standard error.
  ///   - onOutput: gets what the program writes, either way, as it comes.
  init(_ streams: [ByteStream], onOutput: @escaping (Span<UInt8>, ProgramOutput) -> Void) {
    self.onOutput = onOutput
    input = streams.count > 2 ? streams[0] : nil
    outputs = Array(streams.suffix(2))
    kinds = ProgramOutput.allCases.suffix(outputs.count)
    openOutputs = outputs.count
    for index in outputs.indices { read(index) }
  }

  /// Writes to the program's standard input.
  ///
  /// - Parameter onDone: called once, perhaps before this returns: whether the pipe has taken all of it.
  func write(_ bytes: [UInt8], onDone: @escaping (Bool) -> Void) {
    guard let input else { return onDone(false) }
    do throws(LoopError) {
      let written: ByteStream.Written = try input.write(bytes) { onDone($0 == nil) }
      if written == .atOnce { onDone(true) }
    } catch {
      onDone(false)
    }
  }

  func endInput() { input?.close() }

  /// Leaves in its pipe what the program writes, or goes on reading; once `drain` was asked for all is read.
  func hold(_ output: ProgramOutput, _ isHeld: Bool) {
    guard let index = kinds.firstIndex(of: output), outputs[index].isOpen, onDrained == nil else { return }
    if isHeld { outputs[index].stopReading() } else { read(index) }
  }

  /// No process is left that could write: reads what the pipes hold now, closes them, whoever else has their other ends,
  /// and calls `onDrained`.
  func drain(onDrained: @escaping () -> Void) {
    input?.close()
    self.onDrained = onDrained
    remaining = outputs.map { $0.isOpen ? (try? $0.availableBytes()) ?? 0 : 0 }
    for index in outputs.indices where outputs[index].isOpen {
      // It may have been held.
      if remaining[index] == 0 { closeOutput(index) } else { read(index) }
    }
    finishIfDrained()
  }

  private func read(_ index: Int) {
    let output = kinds[index]
    do throws(LoopError) {
      try outputs[index].startReading(
        onBytes: { [weak self] bytes in
          self?.onOutput(bytes, output)
          self?.hasRead(bytes.count, from: index)
        },
        onEnd: { [weak self] _ in
          self?.closeOutput(index)
          self?.finishIfDrained()
        }
      )
    } catch {
      closeOutput(index)
    }
  }

  private func hasRead(_ count: Int, from index: Int) {
    guard !remaining.isEmpty else { return }
    remaining[index] -= count
    if remaining[index] <= 0 {
      closeOutput(index)
      finishIfDrained()
    }
  }

  private func closeOutput(_ index: Int) {
    guard outputs[index].isOpen else { return }
    outputs[index].close()
    openOutputs -= 1
  }

  private func finishIfDrained() {
    guard openOutputs == 0, let onDrained else { return }
    self.onDrained = nil
    onDrained()
  }
}
