# SPDX-License-Identifier: MIT
# Completion of tunrelay in fish: the program itself says what may stand next.

function __tunrelay_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    # An open quote is part of the word for fish.
    set -l current (commandline --current-token --cut-at-cursor | string replace --regex '^[\'"]' '' | string unescape)
    for line in ($words[1] complete-line $words[2..] "$current" 2>/dev/null)
        switch $line
            case ':files'
                if set -l parts (string match --regex '^(--[^=]*=)(.*)$' -- $current)
                    string replace --regex -- '^' $parts[2] (__fish_complete_path $parts[3])
                else
                    __fish_complete_path $current
                end
            case ':directories'
                __fish_complete_directories $current
            case ':command *'
                set -l skipped (math (string replace ':command ' '' $line) + 2)
                complete --do-complete (string join ' ' (string escape -- $words[$skipped..]) -- $current)
            case '*'
                echo $line
        end
    end
end

complete --command tunrelay --no-files --arguments '(__tunrelay_complete)'
