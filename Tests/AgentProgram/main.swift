/// heddle-test-agent: a worker that does what its arguments say, one after the other. `Agent` knows the words.
import HeddleClient

await Worker.main { worker in
  let agent = Agent(worker: worker)
  for step in CommandLine.arguments.dropFirst() { try await agent.perform(step.split(separator: " ").map(String.init)) }
}
