import SystemPackage

/// Columns of text, aligned.
struct TextTable {
    private var rows: [[String]]

    init(_ header: String...) { self.rows = [header] }

    var isEmpty: Bool { self.rows.count == 1 }

    mutating func append(_ cells: String...) { self.rows.append(cells.map { $0.isEmpty ? "-" : $0 }) }

    /// The lines, without blanks at their ends.
    var text: String {
        let widths = (self.rows.first ?? []).indices.map { column in
            self.rows.map { $0[column].count }.max() ?? 0
        }
        return self.rows.map { row in
            let line = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined()
            return line + "\n"
        }.joined()
    }
}

/// Where results go.
enum StandardOutput {
    static func write(_ text: String) {
        // Without a standard output there is nobody to tell.
        _ = try? FileDescriptor.standardOutput.writeAll(text.utf8)
    }
}
