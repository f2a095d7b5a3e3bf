internal import ArgumentParser

struct CompletionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Print the script by which a shell completes heddle's words, and the names of threads and custodians.",
    discussion: """
      source <(heddle completion bash)
      heddle completion zsh > ~/.zfunc/_heddle
      heddle completion fish > ~/.config/fish/completions/heddle.fish
      """
  )

  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash
    case zsh
    case fish

    var kind: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  @Argument(help: ArgumentHelp("The shell.", valueName: "bash|zsh|fish"))
  var shell: Shell

  func run() {
    Output.write(Heddle.completionScript(for: shell.kind) + "\n")
    if shell == .bash { Output.write(Self.wholeWords) }
  }

  /// Bash takes a colon, = and @ for the ends of words, and heddle does not: they are put together again before the parser's
  /// function looks at them, and of what is offered the part is left that bash puts in the place of its own word.
  private static let wholeWords = #"""

    _heddle_whole_words() {
        local breaks="${COMP_WORDBREAKS//[^:=]/}" line="${COMP_LINE}" word
        local -a words=()
        local -i index cword=0
        for index in "${!COMP_WORDS[@]}"; do
            word="${COMP_WORDS[index]}"
            if ((index > 0)) && [[ -n "${word}" && "${line}" != [[:space:]]* ]]; then
                words[${#words[@]} - 1]+="${word}"
            else
                words+=("${word}")
            fi
            line="${line#"${line%%[![:space:]]*}"}"
            line="${line#"${word}"}"
            if ((index == COMP_CWORD)); then cword=$((${#words[@]} - 1)); fi
        done

        local current="${words[cword]}" previous="${words[cword ? cword - 1 : 0]}" label=""
        # LABEL=EVENT, of which the event is completed.
        if [[ "${current}" == [[:alnum:]]*=* ]]; then label="${current%%=*}="; fi
        words[cword]="${current#"${label}"}"
        local -a COMP_WORDS=("${words[@]}")
        local -i COMP_CWORD="${cword}"
        _heddle "${1}" "${words[cword]}" "${previous}"

        COMPREPLY=("${COMPREPLY[@]/#/${label}}")
        if [[ -n "${breaks}" && "${current}" == *["${breaks}"]* ]]; then
            COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*["${breaks}"]}"}"}")
        fi
        # Names are no files: none of them is quoted as one.
        if [[ ! -e "${COMPREPLY[0]}" ]]; then compopt +o filenames 2>/dev/null; fi
    }

    complete -o filenames -F _heddle_whole_words heddle

    """#
}
