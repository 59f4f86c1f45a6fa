import MeshCodec
import MeshModel
package import MeshResources

/// A kind that is read straight from the bytes, because there are many large objects of it.
///
/// A reader is an optimisation only: what it refuses is decoded again in the general way, which says what is wrong, and
/// a test holds both to the same results.
protocol JSONReadable: KubernetesObject {
    /// Reads one object.
    init(reading json: inout JSONCursor) throws(JSONError)
}

/// Reads objects of one kind, without what nobody looks at.
package struct ObjectReader<Object: KubernetesObject>: Sendable {
    private let fast: (any JSONReadable.Type)?
    private let trim: (@Sendable (inout Object) -> Void)?

    package init(trim: (@Sendable (inout Object) -> Void)? = nil) {
        self.fast = Object.self as? any JSONReadable.Type
        self.trim = trim
    }

    /// Reads the object that `json` stands before; what does not fit the type is a failure of that object alone.
    ///
    /// - Throws: when the bytes are no JSON, or end too soon; the cursor is anywhere then.
    func read(_ json: inout JSONCursor) throws(JSONError) -> Result<Object, InvalidObject> {
        if let fast = self.fast {
            let start = json.mark
            do throws(JSONError) {
                if var object = try fast.init(reading: &json) as? Object {
                    self.trim?(&object)
                    return .success(object)
                }
            } catch {
                guard error != .truncated else { throw error }
                json.rewind(to: start)
            }
        }
        let document = try json.value(omitting: Object.self == ResourceDocument.self ? nil : managedFields)
        return self.decode(document)
    }

    /// Decodes `document` in the general way.
    func decode(_ document: JSONValue) -> Result<Object, InvalidObject> {
        do throws(DecodingError) {
            var object = try document.decode(Object.self)
            self.trim?(&object)
            return .success(object)
        } catch {
            return .failure(InvalidObject(document, reason: error))
        }
    }
}

/// Half of many objects.
private let managedFields = JSONOmission([["metadata", "managedFields"]])

extension InvalidObject: Error {}
