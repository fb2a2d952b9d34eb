"""A library, header, package or module isn't there."""

from __future__ import annotations

from loopwright.andon.clues.clue import CANNOT, FAIR, LIKELY, STRONG, SURE, Clue, said

CLUES: tuple[Clue, ...] = (
    Clue(STRONG, "not found", r"version .?\w+_[\d.]+.? not found"),
    Clue(FAIR, "not found", r"\b(?:preset|loader|reporter|transform|test environment)\b .{0,40}not found"),
    Clue(
        STRONG,
        "",
        rf"{CANNOT} (?:find|resolve|locate|load) (?:the )?"
        r"(?:module|package|library|gem|crate|plugin|extension|header)\b"
        r"(?! ?['\"`]?\.{0,2}/)(?! ?['\"`]?file:)",
    ),
    Clue(STRONG, "could not find", r"could not find [\w.-]+:[\w.-]+:[\w.-]+"),
    Clue(STRONG, "not found", r"[\w-]+\.(?:sty|cls)['`\"] not found"),
    Clue(FAIR, "not found", r"\b(?:collection|package|library|gem|crate|plugin|dependency) not found"),
    Clue(STRONG, "require", r"\brequires? .{1,80}(?:could not be found|is missing|not found)"),
    *said(FAIR, "missing from your system | match any versions | matches any version"),
    *said(
        SURE,
        "using the following names | no matching distribution found | could not find a version that satisfies | @inc | "
        "was not found in the package registry | no matching version found | is not in this registry | "
        "could not find a package configuration file | cannot find package | enotcached | "
        "was not found in the pkg-config search path | error while loading shared libraries | "
        "cannot open shared object file | unable to locate package | has no installation candidate | "
        "could not resolve dependencies | could not find artifact | no required module provides | "
        "cannot find module providing package | no matching package named | can't find crate for | "
        "could not find gem | gemnotfound | missingspec | could not find a valid gem | can't find package | "
        "there is no package called | unchecked dependencies | no code for module | no such module | "
        "unable to find package | packagesnotfounderror | packagenotfounderror | "
        "cannot find implementation or library stub | library stubs not installed | missing dependency | "
        "distributionnotfound | cannot find dependency | don't know how to require | package not found | "
        "no module named | cannot find -l | unable to import",
    ),
    Clue(SURE, "no module named", r"no module named '?[\w-]+'?(?:$|;|\W*$)"),
    Clue(SURE, "cannot find module", r"cannot find module ['\"`](?![./]|[a-z]:\\)"),
    Clue(SURE, "could not resolve", r"could not resolve ['\"](?![./])(?![^\"@]+\.[cm]?[jt]sx?\")"),
    Clue(SURE, "can't resolve", r"can't resolve ['\"](?![./])"),
    Clue(SURE, "failed to", r"failed to (?:resolve import|load url) ['\"]?(?![./'\"])\S"),
    Clue(SURE, "cannot load such file", r"cannot load such file -- (?![./])"),
    Clue(SURE, "404", r"npm (?:err!|error) 404|(?:not found|404) +- get http"),
    Clue(SURE, "missing:", r"npm (?:err!|error) missing: "),
    Clue(SURE, "no package '", r"no package '[^']+' found"),
    Clue(
        SURE,
        "not found",
        r"(?:dependency|library|package|module|gem|crate|plugin|extension|header)"
        r" [`'\"]?[\w.@/+:-]+[`'\"]?(?: was| is)? not found",
    ),
    Clue(SURE, "find library", r"(?:could not|couldn't|unable to|cannot) find library"),
    Clue(SURE, "module '", r"module '[^'/]+' not found:"),
    Clue(SURE, "fatal error", r"fatal error: '?[\w./+-]+'?(?:: no such file| file not found)", given="#include <"),
    Clue(SURE, "does not exist", r"package [\w.]+ does not exist"),
    Clue(SURE, "unresolved import", given="cargo add"),
    *said(
        STRONG,
        "missing go.sum entry | module lookup disabled | is not in std | vendor/autoload.php | non-resolvable | "
        "could not resolve all | unmet dependenc | dependency problems | is not installed and no information | "
        "failed to resolve dependencies | no packages found | package requirements | could not load module | "
        "no versions available for | not resolve plugin | couldn't find the config | couldn't find the plugin | "
        "run `bundle install` | needed to build dependency",
    ),
    Clue(STRONG, "could not find", r"could not find \w+ \(missing"),
    Clue(STRONG, "could not be resolved", r"import \"[^.\"][^\"]*\" could not be resolved"),
    Clue(STRONG, "fatal error", r"fatal error: '?[\w+-]+(?:/[\w.+-]+)*\.h\w*'?(?:: no such file| file not found)"),
    Clue(STRONG, "cannot find module", r"cannot find module ['\"]\.{1,2}/"),
    Clue(STRONG, "could not be found", r"type or namespace name"),
    *said(
        FAIR,
        "no solution found when resolving | missing dependencies | classnotfound | noclassdeffounderror | "
        "undeclared crate | failed to load plugin | requires the following | failed to select a version | "
        "failed to get ` | could not find module | dependency lookup for | unresolved import | unbound module | "
        "not a dependency",
    ),
    Clue(FAIR, "not found", r"class [\"']?[\w\\]+[\"']? not found"),
    Clue(FAIR, "configure: error", r"(?:library|lib\w+|headers?|devel|\bdev\b|package)\b"),
    Clue(FAIR, "required", r"\blib[\w.+-]+ .{0,40}(?:is )?required"),
    Clue(
        FAIR,
        "",
        rf"{CANNOT} (?:find|resolve|locate|load|install|import|satisfy)\b[^\n]{{0,60}}\b(?:dependenc(?:y"
        rf"|ies)|package|librar(?:y|ies)|module|gem|crate|plugin|extension|requirements?|provider"
        rf"|collection|artifact)\b(?! ?[.\]/]\w)",
    ),
    Clue(
        FAIR,
        "",
        r"\b(?:package|module|library|dependency|gem|crate|plugin|extension|provider"
        r"|driver)\b[^\n]{0,60}(?:not installed|is missing|not available|could not be (?:found|resolved"
        r"|loaded))",
    ),
    Clue(
        FAIR,
        "missing",
        r"missing (?:required |peer |python )?(?:dependenc|package|module|librar|gem|plugin|extension"
        r"|requirement)",
    ),
    Clue(FAIR, "import", rf"{CANNOT} import\b"),
    Clue(
        FAIR,
        "not found",
        r"\b(?:role|collection|module|package|plugin|extension)s? ['\"`][\w.@/-]+['\"`] (?:was |were |is"
        r" )?not found",
    ),
    Clue(LIKELY, "not found", r"error: \w+ not found"),
    Clue(LIKELY, "is not available", r"(?:dependency|package|module) .{0,80}is not available"),
)
