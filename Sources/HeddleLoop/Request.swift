internal import CLibuv

/// One libuv request of the C type `Raw`, such as `uv_write_t`: its memory lives until its callback has come.
@safe final class Request<Raw> {
  private let raw: UnsafeMutablePointer<Raw>
  /// The bytes that libuv reads until then.
  private let payload: Payload?
  private let onDone: (Int32) -> Void

  /// - Parameter onDone: called once, on the loop, with libuv's status; also with ECANCELED after the handle's close.
  init(carrying payload: Payload? = nil, onDone: @escaping (Int32) -> Void) {
    unsafe raw = .allocate(capacity: 1)
    self.payload = payload
    self.onDone = onDone
  }

  deinit { unsafe raw.deallocate() }

  /// Hands the request to libuv, which keeps it until its callback, or not at all if `call` fails.
  ///
  /// - Returns: what `call` returned; when that is an error there is no callback.
  func submit(_ call: (UnsafeMutablePointer<Raw>) -> Int32) -> Int32 {
    let retained = unsafe Unmanaged.passRetained(self)
    unsafe uv_req_set_data(UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_req_t.self), retained.toOpaque())
    let status = unsafe call(raw)
    if status < 0 { unsafe retained.release() }
    return status
  }

  /// The end of every request's C callback.
  static func finish(_ raw: UnsafeMutablePointer<Raw>?, _ status: Int32) {
    guard let memory = UnsafeMutableRawPointer(raw) else { return }
    guard let data = unsafe uv_req_get_data(memory.assumingMemoryBound(to: uv_req_t.self)) else { return }
    unsafe Unmanaged<Request<Raw>>.fromOpaque(data).takeRetainedValue().onDone(status)
  }
}

/// Bytes at an address that stays.
@safe final class Payload {
  let bytes: UnsafeMutableBufferPointer<UInt8>

  init(copying source: UnsafeBufferPointer<UInt8>) {
    unsafe bytes = .allocate(capacity: source.count)
    _ = unsafe bytes.initialize(from: source)
  }

  deinit { unsafe bytes.deallocate() }
}
