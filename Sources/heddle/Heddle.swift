import ArgumentParser
import MeshCommands

@main
enum Heddle {
    static func main() async {
        await HeddleCommand.main()
    }
}
