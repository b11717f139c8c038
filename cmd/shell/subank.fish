# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of subank for fish. `subank complete` prints the choices.

function __subank_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l option (string match -r '^--[a-z-]+=' -- "$current")
    set -l path (string replace -r '^--[a-z-]+=' '' -- "$current")
    for line in (command subank complete -- $words[2..-1] "$current" 2>/dev/null </dev/null)
        switch $line
            case :files
                __fish_complete_path "$path" | string replace -r '^' -- "$option"
            case :folders
                __fish_complete_directories "$path" | string replace -r '^' -- "$option"
            case '*'
                echo $line
        end
    end
end

complete -c subank -f -a '(__subank_complete)'
