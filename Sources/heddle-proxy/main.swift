import MeshProxy
import MeshReactor

exitProcess(ProxyProgram.run())
