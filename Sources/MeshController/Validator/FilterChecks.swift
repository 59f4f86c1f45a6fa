import MeshModel

/// What a route changes on the way.
enum FilterChecks {
    static func filter(_ filter: Field) throws(Rejection) {
        _ = try filter.required("a filter").object()
        for name in ["requestHeaderModifier", "responseHeaderModifier"] { try Self.modifier(filter[name]) }
        try Self.redirect(filter["requestRedirect"])
    }

    private static func modifier(_ modifier: Field) throws(Rejection) {
        for list in ["add", "set"] {
            for header in try modifier[list].elements() {
                try Self.headerName(header["name"])
                try Self.headerValue(header["value"].required("the value of the header"))
            }
        }
        for name in try modifier["remove"].elements() { try Self.headerName(name) }
    }

    private static func redirect(_ redirect: Field) throws(Rejection) {
        guard try redirect.object() != nil else { return }
        for name in ["replaceFullPath", "replacePrefixMatch"] {
            let path = redirect["path"][name]
            guard let text = try path.text(), !text.isEmpty else { continue }
            guard text.hasPrefix("/") else { throw Rejection(path.path, "is \"\(text)\", which must begin with /") }
        }
        _ = try redirect["port"].port()
        if let code = try redirect["statusCode"].integer(), !(100...999).contains(code) {
            throw Rejection(redirect["statusCode"].path, "is \(code), which must be an HTTP status, such as 302")
        }
    }

    /// A token of RFC 9110 §5.6.2.
    static func headerName(_ field: Field) throws(Rejection) {
        let name = try field.required("the name of a header").text() ?? ""
        let symbols = Array("!#$%&'*+-.^_`|~".utf8)
        let isToken = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || symbols.contains(byte)
        }
        guard !name.isEmpty, name.utf8.count <= 256, isToken else {
            throw Rejection(field.path, "is no name of a header: letters, digits and !#$%&'*+-.^_`|~")
        }
    }

    /// Visible characters, blanks and tabs; a line break would let one header become two.
    static func headerValue(_ field: Field) throws(Rejection) {
        let value = try field.text() ?? ""
        guard value.utf8.count <= 4096, value.utf8.allSatisfy({ $0 == 9 || ($0 >= 32 && $0 != 127) }) else {
            throw Rejection(field.path, "must be at most 4096 bytes without control characters")
        }
    }
}
