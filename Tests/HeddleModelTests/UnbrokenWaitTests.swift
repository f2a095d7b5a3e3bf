import HeddleModel
import Testing

@Suite("Waits that no break ends")
struct UnbrokenWaitTests {
  @Test("a break is for the thread's next safe point, and the wait goes on")
  func goesOn() throws {
    var kernel = Kernel()
    var effects: [Effect] = []
    let thread = try kernel.makeThread(under: kernel.root)
    let wait = try kernel.syncUnbroken([Branch(.receive), Branch(.never)], in: thread, effects: &effects)
    try kernel.sendBreak(.interrupt, to: thread, effects: &effects)
    #expect(effects == [.breakReady(thread)])
    #expect(kernel.takeBreak(of: thread) == .interrupt)
    effects = []
    try kernel.send(to: thread, effects: &effects) {}
    #expect(effects == [.chosen(wait, branch: 0, .message(from: thread))])
  }

  @Test("it begins also while a break is pending, and ends with its owner")
  func pending() throws {
    var kernel = Kernel()
    var effects: [Effect] = []
    let thread = try kernel.makeThread(under: kernel.root)
    try kernel.sendBreak(.terminate, to: thread, effects: &effects)
    effects = []
    let wait = try kernel.syncUnbroken([Branch(.mail)], in: thread, effects: &effects)
    #expect(effects == [])
    try kernel.kill(thread, by: kernel.root, effects: &effects)
    // The end first: the body that the withdrawal wakes is to find that it is over.
    #expect(effects == [.endBody(thread, .killed), .withdrawn(wait)])
    #expect(throws: Refusal.threadDead(thread)) {
      try kernel.syncUnbroken([Branch(.mail)], in: thread, effects: &effects)
    }
  }
}
