import MeshCodec
import MeshModel
import Testing

@Suite struct JSONCursorTests {
    private enum Field: String, CaseIterable {
        case name, ports, metadataOfTheObject
    }

    @Test("members are found by name, whatever their order, and others are skipped")
    func members() throws {
        let text =
            #"{"x":[{"name":1}],"metadataOfTheObjecT":2,"n\u0061me":"a","ports": [1, -2 ,3],"metadataOfTheObject":true}"#
        var json = JSONCursor(Array(text.utf8))
        let fields = JSONFields(Field.self)
        var name = ""
        var ports: [Int] = []
        var flag = false
        try json.enterObject()
        while let field = try fields.next(in: &json) {
            switch field {
            case .name: name = try json.string()
            case .ports:
                try json.enterArray()
                while try json.nextElement() { ports.append(try json.integer()) }
            case .metadataOfTheObject: flag = try json.bool()
            }
        }
        #expect(name == "a")
        #expect(ports == [1, -2, 3])
        #expect(flag)
        let isAtEnd = json.isAtEnd()
        #expect(isAtEnd)
    }

    @Test("every cut of a document is truncated, and says so")
    func cuts() {
        let text = #"{"a":[1.5e3,-20,"x\u00e9\ud83d\ude00y",{"b":null,"c":false}],"d":{"e":true}}"#
        for count in 0..<text.utf8.count {
            #expect(throws: JSONError.truncated) { try JSONReader.read(Array(text.utf8.prefix(count))) }
            #expect(throws: JSONError.truncated) {
                var json = JSONCursor(Array(text.utf8.prefix(count)))
                try json.skipValue()
            }
        }
    }

    @Test(
        "what is refused when it is read is refused when it is skipped",
        arguments: [
            "[1,]", "{,}", #"{"a" 1}"#, #"{"a":1,}"#, "[1 2]", "01", "+1", "tru3", "nul1", #"["\x"]"#, #"["\u12g4"]"#,
            "[}", #"{"a":]"#,
            "\"\u{1}\"", "[[1}]",
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try JSONReader.read(Array(text.utf8)) }
        #expect(throws: JSONError.self) {
            var json = JSONCursor(Array(text.utf8))
            try json.skipValue()
            if !json.isAtEnd() { throw JSONError.trailingBytes(offset: json.offset) }
        }
    }

    @Test("strings of any length and content are read, shared or not")
    func strings() throws {
        let pool = StringPool(bits: 1)
        for length in 0..<300 {
            for filler in ["a", "é", "\\", "\"", "\n"] {
                let text = String(repeating: "x", count: length) + filler + String(repeating: "y", count: length % 17)
                let bytes = JSONWriter.write(.array([.string(text), .string(text)]))
                var json = JSONCursor(bytes, pool: pool)
                let read = try json.strings(areShared: length.isMultiple(of: 2))
                #expect(read == [text, text])
            }
        }
    }

    @Test("members that are omitted leave the rest as it is")
    func omission() throws {
        let document: JSONValue = [
            "metadata": ["name": "a", "managedFields": [["x": 1]]],
            "spec": ["containers": [["name": "b", "env": [1]], ["env": nil]]], "status": ["x": 1],
        ]
        let omission = JSONOmission([["metadata", "managedFields"], ["spec", "containers", "env"], ["status"]])
        let read = try JSONReader.read(JSONWriter.write(document), omitting: omission)
        #expect(read == ["metadata": ["name": "a"], "spec": ["containers": [["name": "b"], [:]]]])
    }
}
