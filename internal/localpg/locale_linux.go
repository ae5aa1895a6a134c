package localpg

// systemLocale is the C library's locale by code point with Unicode's cases.
const systemLocale = "C.UTF-8"
